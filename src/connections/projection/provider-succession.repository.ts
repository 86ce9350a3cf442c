import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../../database';
import type { Connection } from '../connection.entity';

/** The SQL of connections that succeed a connection of the same end user at another provider. */
@Injectable()
export class ProviderSuccessionRepository {
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
}
