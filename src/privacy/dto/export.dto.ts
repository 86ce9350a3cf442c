import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ApiReferenceId, ApiTime, EXAMPLE_TERRA_USER_ID } from '../../http';
import type { EndUserExport } from '../export.service';

type Row = Record<string, unknown>;

const ApiRows = (description: string, example: Row): PropertyDecorator =>
  ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: `${description} Oldest first.`,
    example: [example],
  });

@ApiSchema({ description: 'Everything that the service stores about one end user, read at one moment.' })
export class EndUserExportDto {
  @ApiReferenceId()
  referenceId: string;

  @ApiTime('When the service read the rows.', { example: '2026-11-24T09:30:00.000Z' })
  exportedAt: Date;

  @ApiRows('The current and former connections of the end user.', { provider: 'GARMIN', status: 'active' })
  connections: Row[];

  @ApiRows('The current and former Terra users of these connections.', {
    terraUserId: EXAMPLE_TERRA_USER_ID,
  })
  identities: Row[];

  @ApiRows('The facts about these Terra users.', { kind: 'linked', cause: 'auth' })
  facts: Row[];

  @ApiRows('The connect sessions, without the secrets in their links.', { status: 'completed' })
  connectSessions: Row[];

  @ApiRows('The webhook events with their bodies. For health data, the service keeps only the envelope.', {
    type: 'auth',
  })
  webhookEvents: Row[];

  @ApiRows('The deauthentication requests: which Terra user to end, who requested that, and why.', {
    status: 'confirmed',
  })
  deauthentications: Row[];

  @ApiRows('The differences from Terra that sweeps have found.', { action: 'link' })
  sweepFindings: Row[];

  @ApiRows('The requests to erase the end user.', { status: 'pending' })
  erasures: Row[];

  static from(exported: EndUserExport): EndUserExportDto {
    return { ...exported };
  }
}
