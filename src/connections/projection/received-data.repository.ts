import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../../database';

// Of the connections of a Terra user, the one that may still receive data.
const LIVE_CONNECTION = `terra_user_id = $1 AND merged_into IS NULL
  AND status IN ('active', 'needs_reauth', 'disconnecting')`;

/** The SQL of what health data tells about connections: when it last came, and from which account. */
@Injectable()
export class ReceivedDataRepository {
  /** To the hour: data comes often, and an update for each event would make the row hot. */
  async touch(manager: EntityManager, terraUserId: string, at: Date): Promise<void> {
    await runSql(
      manager,
      `UPDATE terra_connect.connections SET last_data_at = $2 WHERE ${LIVE_CONNECTION}
        AND (last_data_at IS NULL OR last_data_at < $2::timestamptz - interval '1 hour')`,
      [terraUserId, at],
    );
  }

  /** @returns false when the account was known already, or the Terra user has no live connection */
  async storeAccount(manager: EntityManager, terraUserId: string, accountDigest: Buffer): Promise<boolean> {
    const { count } = await runSql(
      manager,
      `UPDATE terra_connect.connections SET account_digest = $2 WHERE ${LIVE_CONNECTION}
        AND account_digest IS DISTINCT FROM $2`,
      [terraUserId, accountDigest],
    );
    return count > 0;
  }

  /** The ids of an account's connections in use, if more than one end user has it. */
  async connectionsSharing(manager: EntityManager, accountDigest: Buffer): Promise<string[]> {
    const { rows } = await runSql<{ id: string }>(
      manager,
      `SELECT id FROM terra_connect.connections c WHERE account_digest = $1 AND merged_into IS NULL
        AND status IN ('active', 'needs_reauth') AND EXISTS (SELECT 1 FROM terra_connect.connections other
          WHERE other.account_digest = $1 AND other.merged_into IS NULL
            AND other.status IN ('active', 'needs_reauth') AND other.reference_id <> c.reference_id) ORDER BY id`,
      [accountDigest],
    );
    return rows.map(({ id }) => id);
  }
}
