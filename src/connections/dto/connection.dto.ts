import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import {
  ApiId,
  ApiNullableEnum,
  ApiProvider,
  ApiReferenceId,
  ApiTerraUserId,
  ApiTime,
  PageOf,
} from '../../http';
import {
  CONNECTION_STATUSES,
  STATUS_REASONS,
  type ConnectionStatus,
  type StatusReason,
} from '../connection-status';
import type { ConnectionPage, ListedConnection } from '../connection.repository';

@ApiSchema({ description: "One end user's account at one provider." })
export class ConnectionDto {
  @ApiId('Id of the connection. It stays the same when the end user reconnects the account.')
  id: string;

  @ApiReferenceId()
  referenceId: string;

  @ApiTerraUserId("Terra's `user_id`. It changes with each reconnect.")
  terraUserId: string;

  @ApiProvider()
  provider: string;

  @ApiProperty({
    enum: CONNECTION_STATUSES,
    description:
      '`active`: Terra sends data of the account. `needs_reauth`: Terra cannot collect data; ask the end user to reconnect. `disconnecting`: the connection counts as ended, but Terra has not confirmed its end yet. `disconnected`: the connection has ended. `moved`: another of your end users has connected the account; check which end user owns it.',
    example: 'active',
  })
  status: ConnectionStatus;

  @ApiNullableEnum(
    Object.values(STATUS_REASONS).flat(),
    "Why the connection is not active; null while it is. `needs_reauth`: `connection_error` (the provider rejects Terra), `inactive` (Terra no longer collects data), `missing_scopes` (the end user has withdrawn every permission), `provider_retired` (Terra no longer offers the provider: connect its successor with a session that has this `connectionId`). `disconnecting`: `disconnect_requested`. `disconnected`: `deauth` (Terra ended it, or the end user ended it in Terra's widget), `access_revoked` (the end user ended it at the provider), `disconnected_by_us` (the service ended it on request), `absent` (two of Terra's lists did not contain it). `moved`: `moved`.",
  )
  statusReason: StatusReason | null;

  /**
   * Scopes (permissions) that the end user has granted, as the provider names them.
   * @example ['ACTIVITY_EXPORT', 'HEALTH_EXPORT']
   */
  scopes: string[];

  @ApiTime('When the end user first connected the account. A reconnect does not change it.')
  connectedAt: Date;

  @ApiTime('When the connection ended; null until then.', { nullable: true, example: null })
  disconnectedAt: Date | null;

  @ApiTime('When health data last arrived, up to one hour behind; null before the first data.', {
    nullable: true,
  })
  lastDataAt: Date | null;

  @ApiId('Id of the connection at an ended provider that this one succeeds; null if it succeeds none.', {
    nullable: true,
    example: null,
  })
  succeeds: string | null;

  @ApiId('Id of the connection at another provider that succeeds this one; null if none does.', {
    nullable: true,
    example: null,
  })
  succeededBy: string | null;

  @ApiTime('When a field of the connection last changed, other than `lastDataAt`.')
  updatedAt: Date;

  static from(connection: ListedConnection): ConnectionDto {
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
      succeeds: connection.succeeds,
      succeededBy: connection.succeededBy,
      updatedAt: connection.updatedAt,
    };
  }
}

@ApiSchema({ description: 'A page of connections.' })
export class ConnectionPageDto extends PageOf(
  ConnectionDto,
  'Newest first; with `updatedSince`, by `updatedAt`, oldest first.',
) {
  @ApiTime(
    'On the last page of a list with `updatedSince`: send this time as `updatedSince` to continue later. The list is complete up to this time, which is usually less than a second ago. null on the other pages, and without `updatedSince`.',
    { nullable: true, example: null },
  )
  updatedUntil: Date | null;

  static override from({ updatedUntil, ...page }: ConnectionPage): ConnectionPageDto {
    return { ...super.from(page), updatedUntil };
  }
}
