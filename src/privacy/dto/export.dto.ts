import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { EndUserExport } from '../export.service';

type Row = Record<string, unknown>;

const Rows = (description: string, example: Row): PropertyDecorator =>
  ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: `${description} Oldest first.`,
    example: [example],
  });

@ApiSchema({ description: 'Everything that is held about one end user, as of one moment.' })
export class EndUserExportDto {
  /**
   * Your id of the end user.
   * @example 'user-4711'
   */
  referenceId: string;

  /**
   * When it was read.
   * @example '2026-11-24T09:30:00.000Z'
   */
  exportedAt: Date;

  @Rows('Accounts that they have, or have had.', { provider: 'GARMIN', status: 'active' })
  connections: Row[];

  @Rows('Every Terra user that these have had.', { terraUserId: '8f1f9bb2-3c5e-4a6b-9a53-6c4e5f1d2b3a' })
  identities: Row[];

  @Rows('What we were told, or did, and when.', { kind: 'linked', cause: 'auth' })
  facts: Row[];

  @Rows('Attempts to connect, without the secrets in their links.', { status: 'completed' })
  connectSessions: Row[];

  @Rows("Terra's webhooks, with their bodies; of health data only the envelope is ever kept.", {
    type: 'auth',
  })
  webhookEvents: Row[];

  @Rows('What we have asked Terra to end, who asked, and why.', { status: 'confirmed' })
  deauthentications: Row[];

  @Rows('Where Terra and we were found to differ about them.', { action: 'link' })
  sweepFindings: Row[];

  @Rows('Requests to erase them.', { status: 'pending' })
  erasures: Row[];

  static from(exported: EndUserExport): EndUserExportDto {
    return { ...exported };
  }
}
