import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { ExportedRow } from '../../database';
import { ApiReferenceId, ApiTime, EXAMPLE_TERRA_USER_ID } from '../../http';
import type { EndUserExport } from '../export.service';

const ApiRows = (description: string, example: ExportedRow): PropertyDecorator =>
  ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: `${description} Oldest first.`,
    example: [example],
  });

@ApiSchema({ description: 'Everything that the service stores about one end user, read at one moment.' })
export class EndUserExportDto implements EndUserExport {
  @ApiReferenceId()
  referenceId: string;

  @ApiTime('When the service read the rows.', { example: '2026-11-24T09:30:00.000Z' })
  exportedAt: Date;

  @ApiRows('The current and former connections of the end user.', { provider: 'GARMIN', status: 'active' })
  connections: ExportedRow[];

  @ApiRows('The current and former Terra users of these connections.', {
    terraUserId: EXAMPLE_TERRA_USER_ID,
  })
  identities: ExportedRow[];

  @ApiRows('The facts about these Terra users.', { kind: 'linked', cause: 'auth' })
  facts: ExportedRow[];

  @ApiRows('The connect sessions, without the secrets in their links.', { status: 'completed' })
  connectSessions: ExportedRow[];

  @ApiRows('The webhook events with their bodies. For health data, the service keeps only the envelope.', {
    type: 'auth',
  })
  webhookEvents: ExportedRow[];

  @ApiRows('The deauthentication requests: which Terra user to end, who requested that, and why.', {
    status: 'confirmed',
  })
  deauthentications: ExportedRow[];

  @ApiRows('The differences from Terra that sweeps have found.', { action: 'link' })
  sweepFindings: ExportedRow[];

  @ApiRows('The requests to erase the end user.', { status: 'pending' })
  erasures: ExportedRow[];

  @ApiRows('The events that the service keeps for your services.', { type: 'connection.connected' })
  outgoingEvents: ExportedRow[];

  @ApiRows('The events of these whose health data still waits for a taker, without the data.', {
    bytes: 2_048,
  })
  eventBodies: ExportedRow[];

  @ApiRows('The deliveries of these events to your webhook endpoints.', { status: 'delivered' })
  eventDeliveries: ExportedRow[];

  static from(exported: EndUserExport): EndUserExportDto {
    return { ...exported };
  }
}
