import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { runSql } from '../../database';

// The condition for the connection of a Terra user that may still receive data.
const LIVE = `merged_into IS NULL AND status IN ('active', 'needs_reauth', 'disconnecting')`;

/** Health data of a Terra user arrived at a time. */
export interface DataTouch {
  terraUserId: string;
  at: Date;
}

/** The digest of an account, by Terra user. */
export type AccountDigests = Map<string, Buffer>;

/** The SQL that stores when health data last arrived, and from which account. */
@Injectable()
export class ReceivedDataRepository {
  /**
   * Updates a row at most once an hour, because data arrives often: `last_data_at` is up to one hour behind. Locks the rows
   * in the order of their ids, so that two transactions with the same rows cannot deadlock.
   */
  async touch(manager: EntityManager, touches: DataTouch[]): Promise<void> {
    await runSql(
      manager,
      `WITH due AS MATERIALIZED (SELECT id, at FROM unnest($1::text[], $2::timestamptz[]) AS given (given_id, at)
          JOIN terra_connect.connections ON terra_user_id = given_id
          WHERE ${LIVE} AND (last_data_at IS NULL OR last_data_at < at - interval '1 hour')
          ORDER BY id FOR NO KEY UPDATE OF connections)
        UPDATE terra_connect.connections c SET last_data_at = due.at FROM due WHERE c.id = due.id`,
      [touches.map(({ terraUserId }) => terraUserId), touches.map(({ at }) => at)],
    );
  }

  /** @returns the digests that a row of a live connection did not have */
  async storeAccounts(manager: EntityManager, accounts: AccountDigests): Promise<Buffer[]> {
    const { rows } = await runSql<{ digest: Buffer }>(
      manager,
      `WITH due AS MATERIALIZED (SELECT id, digest FROM unnest($1::text[], $2::bytea[]) AS given (given_id, digest)
          JOIN terra_connect.connections ON terra_user_id = given_id
          WHERE ${LIVE} AND account_digest IS DISTINCT FROM digest ORDER BY id FOR NO KEY UPDATE OF connections)
        UPDATE terra_connect.connections c SET account_digest = due.digest FROM due WHERE c.id = due.id
        RETURNING due.digest`,
      [[...accounts.keys()], [...accounts.values()]],
    );
    return rows.map(({ digest }) => digest);
  }

  /**
   * The `active` and `needs_reauth` connections of accounts that more than one end user has connected.
   *
   * @returns the ids of the connections, one list for each such account
   */
  async connectionsSharing(manager: EntityManager, accountDigests: Buffer[]): Promise<string[][]> {
    const { rows } = await runSql<{ ids: string[] }>(
      manager,
      `SELECT array_agg(id::text ORDER BY id) AS ids FROM terra_connect.connections
        WHERE account_digest = ANY($1) AND merged_into IS NULL AND status IN ('active', 'needs_reauth')
        GROUP BY account_digest HAVING count(DISTINCT reference_id) > 1`,
      [accountDigests],
    );
    return rows.map(({ ids }) => ids);
  }
}
