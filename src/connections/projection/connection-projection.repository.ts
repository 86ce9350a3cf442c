import { Injectable } from '@nestjs/common';
import { IsNull, type EntityManager } from 'typeorm';
import { runIn } from '../../database';
import type { TerraUserState, ConnectionKey } from './terra-user-reducer';
import { ConnectionIdentity } from './connection-identity.entity';
import type { Succession } from './connection-reducer';
import { Connection } from '../connection.entity';
import { CONNECTION_COLUMNS, IDENTITY_COLUMNS } from '../connection.columns';

/**
 * Reads and writes what is computed from facts, for those who hold the locks. Every piece of news comes through here, so
 * it is SQL: TypeORM's own finds cost several times as much.
 */
@Injectable()
export class ConnectionProjectionRepository {
  identities(manager: EntityManager, terraUserIds: string[]): Promise<ConnectionIdentity[]> {
    return runIn(
      manager,
      `SELECT ${IDENTITY_COLUMNS} FROM terra_connect.connection_identities WHERE terra_user_id = ANY($1)`,
      [terraUserIds],
    );
  }

  identitiesOf(
    manager: EntityManager,
    { referenceId, provider }: ConnectionKey,
  ): Promise<ConnectionIdentity[]> {
    return runIn(
      manager,
      `SELECT ${IDENTITY_COLUMNS} FROM terra_connect.connection_identities
        WHERE reference_id = $1 AND provider = $2`,
      [referenceId, provider],
    );
  }

  /** The connections that the identities are of, by id. */
  async connections(
    manager: EntityManager,
    identities: ConnectionIdentity[],
  ): Promise<Map<string, Connection>> {
    const ids = identities.flatMap(({ connectionId }) => connectionId ?? []);
    if (ids.length === 0) return new Map();
    const rows = await runIn<Connection>(
      manager,
      `SELECT ${CONNECTION_COLUMNS} FROM terra_connect.connections WHERE id = ANY($1)`,
      [ids],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Oldest first, with those that were merged. */
  connectionsOf(manager: EntityManager, { referenceId, provider }: ConnectionKey): Promise<Connection[]> {
    return runIn(
      manager,
      `SELECT ${CONNECTION_COLUMNS} FROM terra_connect.connections
        WHERE reference_id = $1 AND provider = $2 ORDER BY id`,
      [referenceId, provider],
    );
  }

  async insertConnection(manager: EntityManager, connection: Connection): Promise<void> {
    await manager.insert(Connection, connection);
  }

  async updateConnection(manager: EntityManager, id: string, change: Partial<Connection>): Promise<void> {
    await manager.update(Connection, { id }, change);
  }

  /** @returns the identity as it is from now on */
  async writeIdentity(
    manager: EntityManager,
    known: ConnectionIdentity | undefined,
    state: TerraUserState & { supersededBy?: Succession | null },
    connectionId: string | null,
  ): Promise<ConnectionIdentity> {
    const { terraUserId, owner, firstSeen, linkedAt, ended, supersededBy } = state;
    const identity = {
      terraUserId,
      connectionId,
      referenceId: owner?.referenceId ?? null,
      provider: owner?.provider ?? null,
      cause: firstSeen.cause,
      firstSeenAt: firstSeen.at,
      linkedAt,
      supersededBy: supersededBy?.terraUserId ?? null,
      supersededAt: supersededBy?.at ?? null,
      endedAt: ended?.at ?? null,
      endedCause: ended?.cause ?? null,
    };
    if (!known || differs(known, identity)) await runIn(manager, WRITE_IDENTITY, Object.values(identity));
    const isBack = known?.endedCause === 'absent' && ended === null;
    return { ...identity, missingSince: isBack ? null : (known?.missingSince ?? null) };
  }

  /** To the hour: data comes often, and the row is hot. */
  async touch(manager: EntityManager, terraUserId: string, at: Date): Promise<void> {
    await runIn(
      manager,
      `UPDATE terra_connect.connections SET last_data_at = $2 WHERE terra_user_id = $1 AND merged_into IS NULL
        AND status IN ('active', 'needs_reauth', 'disconnecting') AND (last_data_at IS NULL OR last_data_at < $2::timestamptz - interval '1 hour')`,
      [terraUserId, at],
    );
  }

  /** @returns false when it was known already, or the Terra user counts for no connection */
  async noteAccount(manager: EntityManager, terraUserId: string, accountDigest: Buffer): Promise<boolean> {
    const rows = await runIn(
      manager,
      `UPDATE terra_connect.connections SET account_digest = $2 WHERE terra_user_id = $1 AND merged_into IS NULL
        AND status IN ('active', 'needs_reauth', 'disconnecting') AND account_digest IS DISTINCT FROM $2 RETURNING id`,
      [terraUserId, accountDigest],
    );
    return rows.length > 0;
  }

  /** Connections in use of one account, if more than one end user has it. */
  sharersOf(manager: EntityManager, accountDigest: Buffer): Promise<{ id: string }[]> {
    return runIn(
      manager,
      `SELECT id FROM terra_connect.connections c WHERE account_digest = $1 AND merged_into IS NULL
        AND status IN ('active', 'needs_reauth') AND EXISTS (SELECT 1 FROM terra_connect.connections other
          WHERE other.account_digest = $1 AND other.merged_into IS NULL
            AND other.status IN ('active', 'needs_reauth') AND other.reference_id <> c.reference_id) ORDER BY id`,
      [accountDigest],
    );
  }

  /** Makes the reconciler ask Terra about these soon. */
  async reconcileSoon(manager: EntityManager, owner: ConnectionKey, now: Date): Promise<void> {
    const { referenceId, provider } = owner;
    await manager.update(Connection, { referenceId, provider, mergedInto: IsNull() }, { reconcileAt: now });
  }
}

const WRITE_IDENTITY = `INSERT INTO terra_connect.connection_identities
    (terra_user_id, connection_id, reference_id, provider, cause, first_seen_at, linked_at, superseded_by,
     superseded_at, ended_at, ended_cause)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  ON CONFLICT (terra_user_id) DO UPDATE SET connection_id = $2, reference_id = $3, provider = $4, cause = $5,
    first_seen_at = $6, linked_at = $7, superseded_by = $8, superseded_at = $9, ended_at = $10, ended_cause = $11,
    -- Whoever is back starts anew: two lists in a row must lack them again.
    missing_since = CASE WHEN connection_identities.ended_cause = 'absent' AND $11::text IS NULL THEN NULL
      ELSE connection_identities.missing_since END`;

/** Whether a row must be written to become what it should be. */
export function differs<Row extends object>(row: Row, wanted: Partial<Row>): boolean {
  return Object.entries(wanted).some(([name, value]) => {
    const present = row[name as keyof Row] ?? null;
    if (present instanceof Date && value instanceof Date) return present.getTime() !== value.getTime();
    if (Array.isArray(present) && Array.isArray(value)) {
      const items = value as unknown[];
      return present.length !== items.length || present.some((item, index) => item !== items[index]);
    }
    return present !== (value ?? null);
  });
}
