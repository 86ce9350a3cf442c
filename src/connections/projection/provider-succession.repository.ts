import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../../database';
import { CHANGE_TIME, MARK_CHANGE } from '../change-times';
import type { Connection } from '../connection.entity';

/** A connection at another provider that succeeds an earlier one of the same end user. */
export interface Succession {
  oldId: string;
  newId: string;
  at: Date;
}

const GIVEN = `unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) WITH ORDINALITY AS given (old_id, new_id, at, place)`;

/** The SQL of connections that succeed a connection of the same end user at another provider. */
@Injectable()
export class ProviderSuccessionRepository {
  /**
   * Links connections with those at another provider that succeed them. The latest link of a connection counts, whatever the
   * order in which they arrive. Two statements, because one connection can be on both sides.
   */
  async linkSuccessors(manager: EntityManager, successions: Succession[]): Promise<void> {
    const values = [
      successions.map(({ oldId }) => oldId),
      successions.map(({ newId }) => newId),
      successions.map(({ at }) => at),
    ];
    await runSql(manager, `SELECT ${MARK_CHANGE}`);
    await runSql(
      manager,
      `UPDATE terra_connect.connections c
        SET succeeded_by = new_id, succeeded_at = at, updated_at = ${CHANGE_TIME}
        FROM (SELECT DISTINCT ON (old_id) * FROM ${GIVEN} ORDER BY old_id, at DESC, place) AS link
        WHERE c.id = old_id AND (succeeded_at IS NULL OR succeeded_at < at)`,
      values,
    );
    await runSql(
      manager,
      `UPDATE terra_connect.connections c SET succeeds = old_id, updated_at = ${CHANGE_TIME}
        FROM (SELECT DISTINCT ON (new_id) * FROM ${GIVEN} ORDER BY new_id, place DESC) AS link
        WHERE c.id = new_id AND succeeds IS DISTINCT FROM old_id`,
      values,
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
}
