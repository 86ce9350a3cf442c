import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import {
  CONNECTION_STATUSES,
  STATUS_REASONS,
  type ConnectionStatus,
  type StatusReason,
} from '../connection-status';
import type { Connection } from '../connection.entity';

@ApiSchema({ description: "One end user's account at one provider." })
export class ConnectionDto {
  @ApiProperty({
    format: 'uuid',
    description: 'Ours; stays the same when the person connects the account again.',
    example: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10',
  })
  id: string;

  /**
   * Your id of the end user.
   * @example 'user-4711'
   */
  referenceId: string;

  /**
   * Terra's id of this account now; another one after each reconnect.
   * @example '8f1f9bb2-3c5e-4a6b-9a53-6c4e5f1d2b3a'
   */
  terraUserId: string;

  /**
   * Code of the provider where the account is.
   * @example 'GARMIN'
   */
  provider: string;

  @ApiProperty({
    enum: CONNECTION_STATUSES,
    description:
      '`active`: Terra sends its data. `needs_reauth`: ask the person to connect it again; nothing is lost yet. `disconnecting`: somebody asked for its end, and it counts as ended; Terra has not confirmed yet. `disconnected`: ended. `moved`: the account was connected under another of your end users; look at it.',
    example: 'active',
  })
  status: ConnectionStatus;

  @ApiProperty({
    enum: Object.values(STATUS_REASONS).flat(),
    nullable: true,
    description:
      "Why it is not active. `needs_reauth`: `connection_error` (the provider refuses Terra), `inactive` (Terra has given it up), `missing_scopes` (the person took every permission away). `disconnecting`: `disconnect_requested`. `disconnected`: `deauth` (by Terra or in its widget), `access_revoked` (by the person at the provider), `disconnected_by_us`, `absent` (twice missing from Terra's lists). `moved`: `moved`. null while it is active.",
    example: null,
  })
  statusReason: StatusReason | null;

  /**
   * What the person has agreed to, in the provider's words.
   * @example ['ACTIVITY_EXPORT', 'HEALTH_EXPORT']
   */
  scopes: string[];

  /**
   * When the person first connected it; connecting again does not change it.
   * @example '2026-11-23T09:30:00.000Z'
   */
  connectedAt: Date;

  @ApiProperty({ description: 'When it ended; null while it lives.', example: null })
  disconnectedAt: Date | null;

  @ApiProperty({
    description: 'When health data last came for it, to the hour; null: not yet.',
    example: '2026-11-23T09:30:00.000Z',
  })
  lastDataAt: Date | null;

  /**
   * When anything here last changed.
   * @example '2026-11-23T09:30:00.000Z'
   */
  updatedAt: Date;

  static from(connection: Connection): ConnectionDto {
    return {
      id: connection.id,
      referenceId: connection.referenceId,
      terraUserId: connection.terraUserId,
      provider: connection.provider,
      status: connection.status,
      statusReason: connection.statusReason,
      scopes: connection.scopes,
      connectedAt: connection.connectedAt,
      disconnectedAt: connection.disconnectedAt,
      lastDataAt: connection.lastDataAt,
      updatedAt: connection.updatedAt,
    };
  }
}
