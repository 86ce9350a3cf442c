import { Injectable } from '@nestjs/common';
import { IsNull, type EntityManager } from 'typeorm';
import { columnsOf, runSql } from '../../database';
import { Connection } from '../connection.entity';
import { ConnectionIdentity } from './connection-identity.entity';
import type { Succession } from './successions';
import type { ConnectionKey, TerraUserState } from './terra-user-reducer';

/** Reads and writes the projection, for callers that have the locks. Uses plain SQL, because it runs for every fact. */
@Injectable()
export class ConnectionProjectionRepository {
  async identities(manager: EntityManager, terraUserIds: string[]): Promise<ConnectionIdentity[]> {
    const { rows } = await runSql<ConnectionIdentity>(
      manager,
      `SELECT ${columnsOf(manager, ConnectionIdentity)} FROM terra_connect.connection_identities
        WHERE terra_user_id = ANY($1)`,
      [terraUserIds],
    );
    return rows;
  }

  async identitiesOf(
    manager: EntityManager,
    { referenceId, provider }: ConnectionKey,
  ): Promise<ConnectionIdentity[]> {
    const { rows } = await runSql<ConnectionIdentity>(
      manager,
      `SELECT ${columnsOf(manager, ConnectionIdentity)} FROM terra_connect.connection_identities
        WHERE reference_id = $1 AND provider = $2`,
      [referenceId, provider],
    );
    return rows;
  }

  async identitiesOfEndUser(manager: EntityManager, referenceId: string): Promise<ConnectionIdentity[]> {
    const { rows } = await runSql<ConnectionIdentity>(
      manager,
      `SELECT ${columnsOf(manager, ConnectionIdentity)} FROM terra_connect.connection_identities
        WHERE reference_id = $1`,
      [referenceId],
    );
    return rows;
  }

  /** The connections of the identities, by id. */
  async connections(
    manager: EntityManager,
    identities: ConnectionIdentity[],
  ): Promise<Map<string, Connection>> {
    const ids = identities.flatMap(({ connectionId }) => connectionId ?? []);
    if (ids.length === 0) return new Map();
    const { rows } = await runSql<Connection>(
      manager,
      `SELECT ${columnsOf(manager, Connection)} FROM terra_connect.connections WHERE id = ANY($1)`,
      [ids],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** The connections of the key, oldest first, including merged ones. */
  async connectionsOf(
    manager: EntityManager,
    { referenceId, provider }: ConnectionKey,
  ): Promise<Connection[]> {
    const { rows } = await runSql<Connection>(
      manager,
      `SELECT ${columnsOf(manager, Connection)} FROM terra_connect.connections
        WHERE reference_id = $1 AND provider = $2 ORDER BY id`,
      [referenceId, provider],
    );
    return rows;
  }

  async insertConnection(manager: EntityManager, connection: Connection): Promise<void> {
    await manager.insert(Connection, connection);
  }

  async updateConnection(manager: EntityManager, id: string, change: Partial<Connection>): Promise<void> {
    await manager.update(Connection, { id }, change);
    if (change.mergedInto) await this.moveLinks(manager, id, change.mergedInto);
  }

  /**
   * Links a connection with the one at another provider that succeeds it. The latest link counts, whatever the order in
   * which they arrive.
   */
  async linkSuccessor(manager: EntityManager, oldId: string, newId: string, at: Date): Promise<void> {
    await runSql(
      manager,
      `WITH linked AS (
          UPDATE terra_connect.connections SET succeeded_by = $2, succeeded_at = $3, updated_at = greatest(updated_at, $3)
            WHERE id = $1 AND (succeeded_at IS NULL OR succeeded_at < $3))
        UPDATE terra_connect.connections SET succeeds = $1 WHERE id = $2 AND succeeds IS DISTINCT FROM $1`,
      [oldId, newId, at],
    );
  }

  /** The Terra users of connections in use that these connections succeed, if they were linked before the succession. */
  async succeededUsers(
    manager: EntityManager,
    successors: Connection[],
  ): Promise<{ terraUserId: string; succeededAt: Date }[]> {
    const { rows } = await runSql<{ terraUserId: string; succeededAt: Date }>(
      manager,
      `SELECT c.terra_user_id AS "terraUserId", c.succeeded_at AS "succeededAt" FROM terra_connect.connections c
        JOIN terra_connect.connection_identities i ON i.terra_user_id = c.terra_user_id
        WHERE c.reference_id = ANY($1) AND c.succeeded_by = ANY($2) AND c.merged_into IS NULL
          AND c.status IN ('active', 'needs_reauth') AND (i.linked_at IS NULL OR i.linked_at <= c.succeeded_at)`,
      [successors.map(({ referenceId }) => referenceId), successors.map(({ id }) => id)],
    );
    return rows;
  }

  /** Gives the links of a merged connection to the connection that it was merged into. */
  private async moveLinks(manager: EntityManager, merged: string, into: string): Promise<void> {
    await runSql(
      manager,
      `UPDATE terra_connect.connections c SET
          succeeds = CASE WHEN c.id = $2 THEN coalesce(c.succeeds, m.succeeds)
            WHEN c.succeeds = $1 THEN $2 ELSE c.succeeds END,
          succeeded_by = CASE WHEN c.id = $2 THEN coalesce(c.succeeded_by, m.succeeded_by)
            WHEN c.succeeded_by = $1 THEN $2 ELSE c.succeeded_by END,
          succeeded_at = CASE WHEN c.id = $2 THEN coalesce(c.succeeded_at, m.succeeded_at) ELSE c.succeeded_at END
        FROM terra_connect.connections m
        WHERE m.id = $1 AND c.reference_id = m.reference_id AND (m.succeeds IS NOT NULL OR m.succeeded_by IS NOT NULL)
          AND (c.id = $2 OR c.succeeds = $1 OR c.succeeded_by = $1)`,
      [merged, into],
    );
  }

  /** Writes the identity if it has changed. @returns the identity after the write */
  async writeIdentity(
    manager: EntityManager,
    known: ConnectionIdentity | undefined,
    state: TerraUserState & { supersededBy?: Succession | null },
    connectionId: string | null,
  ): Promise<ConnectionIdentity> {
    const { terraUserId, key, firstSeen, linkedAt, ended, supersededBy } = state;
    const identity = {
      terraUserId,
      connectionId,
      referenceId: key?.referenceId ?? null,
      provider: key?.provider ?? null,
      cause: firstSeen.cause,
      firstSeenAt: firstSeen.at,
      linkedAt,
      supersededBy: supersededBy?.terraUserId ?? null,
      supersededAt: supersededBy?.at ?? null,
      endedAt: ended?.at ?? null,
      endedCause: ended?.cause ?? null,
    };
    if (!known || differs(known, identity)) await runSql(manager, WRITE_IDENTITY, Object.values(identity));
    const isBack = known?.endedCause === 'absent' && ended === null;
    const missingSince = isBack ? null : (known?.missingSince ?? null);
    return { ...identity, missingSince, inactiveSince: known?.inactiveSince ?? null };
  }

  /** Makes the connections of the key due for a reconcile at once. */
  async reconcileNow(manager: EntityManager, key: ConnectionKey, now: Date): Promise<void> {
    const { referenceId, provider } = key;
    await manager.update(Connection, { referenceId, provider, mergedInto: IsNull() }, { reconcileAt: now });
  }
}

const WRITE_IDENTITY = `INSERT INTO terra_connect.connection_identities
    (terra_user_id, connection_id, reference_id, provider, cause, first_seen_at, linked_at, superseded_by,
     superseded_at, ended_at, ended_cause)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  ON CONFLICT (terra_user_id) DO UPDATE SET connection_id = $2, reference_id = $3, provider = $4, cause = $5,
    first_seen_at = $6, linked_at = $7, superseded_by = $8, superseded_at = $9, ended_at = $10, ended_cause = $11,
    -- Terra lists the absent Terra user again: two more lists in a row must lack it before it ends again.
    missing_since = CASE WHEN connection_identities.ended_cause = 'absent' AND $11::text IS NULL THEN NULL
      ELSE connection_identities.missing_since END`;

/** Whether writing `wanted` would change the row. */
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
