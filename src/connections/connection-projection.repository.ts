import { Injectable } from '@nestjs/common';
import { In, IsNull, type EntityManager } from 'typeorm';
import { runIn } from '../database';
import type { IdentityState, Owner } from './identity-reducer';
import { ConnectionIdentity } from './connection-identity.entity';
import type { MemberState } from './connection-reducer';
import { Connection } from './connection.entity';

/** Reads and writes what is computed from facts, for those who hold the locks. */
@Injectable()
export class ConnectionProjectionRepository {
  async identities(manager: EntityManager, terraUserIds: string[]): Promise<ConnectionIdentity[]> {
    return manager.findBy(ConnectionIdentity, { terraUserId: In(terraUserIds) });
  }

  identitiesOf(manager: EntityManager, owner: Owner): Promise<ConnectionIdentity[]> {
    return manager.findBy(ConnectionIdentity, { referenceId: owner.referenceId, provider: owner.provider });
  }

  /** The connections that the identities are of, by id. */
  async connections(
    manager: EntityManager,
    identities: ConnectionIdentity[],
  ): Promise<Map<string, Connection>> {
    const ids = identities.flatMap(({ connectionId }) => connectionId ?? []);
    const rows = ids.length > 0 ? await manager.findBy(Connection, { id: In(ids) }) : [];
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Oldest first, with those that were merged. */
  connectionsOf(manager: EntityManager, owner: Owner): Promise<Connection[]> {
    return manager.find(Connection, {
      where: { referenceId: owner.referenceId, provider: owner.provider },
      order: { id: 'ASC' },
    });
  }

  async insertConnection(manager: EntityManager, connection: Connection): Promise<void> {
    await manager.insert(Connection, connection);
  }

  async updateConnection(manager: EntityManager, id: string, change: Partial<Connection>): Promise<void> {
    await manager.update(Connection, { id }, change);
  }

  /** Says what is known of a Terra user by itself; whose connection it is comes with {@link join}. */
  async writeIdentity(
    manager: EntityManager,
    known: ConnectionIdentity | undefined,
    state: IdentityState,
  ): Promise<void> {
    const { terraUserId } = state;
    const row = {
      referenceId: state.owner?.referenceId ?? null,
      provider: state.owner?.provider ?? null,
      cause: state.firstSeen.cause,
      firstSeenAt: state.firstSeen.at,
      linkedAt: state.linkedAt,
      endedAt: state.ended?.at ?? null,
      endedCause: state.ended?.cause ?? null,
    };
    if (!known) await manager.insert(ConnectionIdentity, { terraUserId, ...row });
    else if (differs(known, row)) await manager.update(ConnectionIdentity, { terraUserId }, row);
  }

  async join(
    manager: EntityManager,
    known: ConnectionIdentity | undefined,
    { terraUserId, supersededBy }: MemberState,
    connectionId: string,
  ): Promise<void> {
    const row = {
      connectionId,
      supersededBy: supersededBy?.terraUserId ?? null,
      supersededAt: supersededBy?.at ?? null,
    };
    if (!known || differs(known, row)) await manager.update(ConnectionIdentity, { terraUserId }, row);
  }

  /** To the hour: data comes often, and the row is hot. */
  async touch(manager: EntityManager, terraUserId: string, at: Date): Promise<void> {
    await runIn(
      manager,
      `UPDATE terra_connect.connections SET last_data_at = $2 WHERE terra_user_id = $1 AND merged_into IS NULL
        AND (last_data_at IS NULL OR last_data_at < $2::timestamptz - interval '1 hour')`,
      [terraUserId, at],
    );
  }

  /** Makes the reconciler ask Terra about these soon. */
  async reviewSoon(manager: EntityManager, owner: Owner, now: Date): Promise<void> {
    const { referenceId, provider } = owner;
    await manager.update(Connection, { referenceId, provider, mergedInto: IsNull() }, { reconcileAt: now });
  }
}

/** Whether a row must be written to become what it should be. */
export function differs<Row extends object>(row: Row, wanted: Partial<Row>): boolean {
  return Object.entries(wanted).some(([name, value]) => {
    const present = row[name as keyof Row];
    if (present instanceof Date && value instanceof Date) return present.getTime() !== value.getTime();
    return JSON.stringify(present ?? null) !== JSON.stringify(value ?? null);
  });
}
