import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { columnsOf, runSql } from '../../database';
import { LIVE_STATUSES } from '../connection-status';
import { Connection } from '../connection.entity';
import { ConnectionIdentity } from './connection-identity.entity';
import { columnsOfKeys, type ConnectionKey } from './connection-key';

/** The Terra users and connection keys that decide some connections. */
export interface Members {
  terraUserIds: string[];
  /** The keys whose Terra users all count. */
  wholeKeys: ConnectionKey[];
}

/** Reads the projection, for callers that have the locks. */
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

  /**
   * The Terra users that decide the connections of the keys that new facts affect: the given ones, and those that swaps
   * connect with them, directly or not. A swap that does not name the replaced Terra user may replace any Terra user of its
   * key, so then all of the key count.
   *
   * @param whole keys whose Terra users all count, because of a fact that is not stored yet
   */
  async membersOf(
    manager: EntityManager,
    terraUserIds: string[],
    keys: ConnectionKey[],
    whole: ConnectionKey[],
  ): Promise<Members> {
    const { rows } = await runSql<{ ids: string[]; references: string[]; providers: string[] }>(
      manager,
      `WITH RECURSIVE whole AS MATERIALIZED (
          SELECT k.reference_id, k.provider FROM unnest($2::text[], $3::text[]) AS k (reference_id, provider)
            CROSS JOIN LATERAL (SELECT FROM terra_connect.connection_identities i
              CROSS JOIN LATERAL (SELECT FROM terra_connect.connection_facts f
                WHERE f.terra_user_id = i.terra_user_id AND f.kind = 'swapped' AND f.old_terra_user_id IS NULL
                LIMIT 1) AS unclear
              WHERE i.reference_id = k.reference_id AND i.provider = k.provider LIMIT 1) AS claimant
          UNION SELECT * FROM unnest($4::text[], $5::text[])),
        member (id) AS (
          SELECT id FROM (SELECT unnest($1::text[]) UNION SELECT i.terra_user_id FROM whole
            JOIN terra_connect.connection_identities i USING (reference_id, provider)) AS given (id)
          UNION SELECT partner.id FROM member CROSS JOIN LATERAL (
            SELECT old_terra_user_id AS id FROM terra_connect.connection_facts
              WHERE terra_user_id = member.id AND kind = 'swapped' AND old_terra_user_id IS NOT NULL
            UNION ALL SELECT terra_user_id FROM terra_connect.connection_facts
              WHERE old_terra_user_id = member.id) AS partner)
        SELECT ARRAY(SELECT id FROM member) AS ids, ARRAY(SELECT reference_id FROM whole) AS references,
          ARRAY(SELECT provider FROM whole) AS providers`,
      [terraUserIds, ...columnsOfKeys(keys), ...columnsOfKeys(whole)],
    );
    const { ids = [], references = [], providers = [] } = rows[0] ?? {};
    const wholeKeys = references.map((referenceId, place) => ({
      referenceId,
      provider: providers[place] as string,
    }));
    return { terraUserIds: ids, wholeKeys };
  }

  /**
   * The connections of the keys that began with one of the Terra users, oldest first, and of each key one that is live and
   * began with another Terra user.
   */
  async connectionsOf(
    manager: EntityManager,
    keys: ConnectionKey[],
    terraUserIds: string[],
  ): Promise<Connection[]> {
    if (keys.length === 0) return [];
    const { rows } = await runSql<Connection>(
      manager,
      `SELECT ${columnsOf(manager, Connection)} FROM unnest($1::text[], $2::text[]) AS key (reference, name)
          CROSS JOIN LATERAL (
            (SELECT * FROM terra_connect.connections WHERE reference_id = reference AND provider = name
              AND origin_terra_user_id = ANY($3))
            UNION ALL (SELECT * FROM terra_connect.connections WHERE reference_id = reference AND provider = name
              AND origin_terra_user_id <> ALL($3) AND merged_into IS NULL AND status = ANY($4) LIMIT 1)) AS found
        ORDER BY id`,
      [...columnsOfKeys(keys), terraUserIds, LIVE_STATUSES],
    );
    return rows;
  }
}
