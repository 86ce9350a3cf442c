import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../../database';

// The condition for the connection of a Terra user that may still receive data.
const LIVE_CONNECTION = `terra_user_id = $1 AND merged_into IS NULL
  AND status IN ('active', 'needs_reauth', 'disconnecting')`;

/** The SQL that stores when health data last arrived, and from which account. */
@Injectable()
export class ReceivedDataRepository {
  /** Updates the row at most once an hour, because data arrives often: `last_data_at` is up to one hour behind. */
  async touch(manager: EntityManager, terraUserId: string, at: Date): Promise<void> {
    await runSql(
      manager,
      `UPDATE terra_connect.connections SET last_data_at = $2 WHERE ${LIVE_CONNECTION}
        AND (last_data_at IS NULL OR last_data_at < $2::timestamptz - interval '1 hour')`,
      [terraUserId, at],
    );
  }

  /** @returns false when the row already has this account, or the Terra user has no live connection */
  async storeAccount(manager: EntityManager, terraUserId: string, accountDigest: Buffer): Promise<boolean> {
    const { count } = await runSql(
      manager,
      `UPDATE terra_connect.connections SET account_digest = $2 WHERE ${LIVE_CONNECTION}
        AND account_digest IS DISTINCT FROM $2`,
      [terraUserId, accountDigest],
    );
    return count > 0;
  }

  /** The `active` and `needs_reauth` connections of an account that more than one end user has connected, else none. */
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
