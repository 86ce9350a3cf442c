import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ApiId, ApiProvider, ApiReferenceId, ApiTerraUserId, ApiTime, PageOf } from '../../http';
import {
  CONNECTION_STATUSES,
  STATUS_REASONS,
  type ConnectionStatus,
  type StatusReason,
} from '../connection-status';
import type { Connection } from '../connection.entity';

@ApiSchema({ description: "One end user's account at one provider." })
export class ConnectionDto {
  @ApiId('Id of the connection. It stays the same when the end user reconnects the account.')
  id: string;

  @ApiReferenceId()
  referenceId: string;

  @ApiTerraUserId("Terra's current id of the account. It changes with each reconnect.")
  terraUserId: string;

  @ApiProvider()
  provider: string;

  @ApiProperty({
    enum: CONNECTION_STATUSES,
    description:
      '`active`: Terra sends data of the account. `needs_reauth`: ask the end user to reconnect; nothing is lost yet. `disconnecting`: the connection counts as ended, but Terra has not confirmed its end yet. `disconnected`: the connection has ended. `moved`: another of your end users has connected the account; check which of the two owns it.',
    example: 'active',
  })
  status: ConnectionStatus;

  @ApiProperty({
    enum: Object.values(STATUS_REASONS).flat(),
    nullable: true,
    description:
      "Why the connection is not active; null while it is. `needs_reauth`: `connection_error` (the provider rejects Terra), `inactive` (Terra no longer collects data), `missing_scopes` (the end user has withdrawn every permission). `disconnecting`: `disconnect_requested`. `disconnected`: `deauth` (by Terra or in its widget), `access_revoked` (by the end user at the provider), `disconnected_by_us`, `absent` (missing twice from Terra's lists). `moved`: `moved`.",
    example: null,
  })
  statusReason: StatusReason | null;

  /**
   * Scopes that the end user has granted, in the provider's words.
   * @example ['ACTIVITY_EXPORT', 'HEALTH_EXPORT']
   */
  scopes: string[];

  @ApiTime('When the end user first connected the account. A reconnect does not change it.')
  connectedAt: Date;

  @ApiTime('When the connection ended; null until then.', { nullable: true, example: null })
  disconnectedAt: Date | null;

  @ApiTime('When health data last arrived, to the hour; null before the first data.', { nullable: true })
  lastDataAt: Date | null;

  @ApiTime('When a field of the connection last changed.')
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

@ApiSchema({ description: 'A page of connections.' })
export class ConnectionPageDto extends PageOf(ConnectionDto, 'Newest first.') {}
