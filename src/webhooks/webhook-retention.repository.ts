import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { inBatches, runSql } from '../database';

const PRUNE_BATCH = 1_000;
const PRUNE_RECEIPTS_BATCH = 10_000;

/**
 * The SQL that creates the partitions of stored events, and removes old events and receipts. The functions belong to the role
 * that migrates, because the role that serves may not change tables.
 */
@Injectable()
export class WebhookRetentionRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Creates the missing partitions of events up to the day of `until` in UTC. */
  async createPartitions(until: Date): Promise<void> {
    await runSql(this.dataSource, `SELECT terra_connect.create_webhook_partitions($1::date)`, [
      until.toISOString().slice(0, 10),
    ]);
  }

  /** The end of the newest partition of events, in UTC. */
  async partitionedUntil(): Promise<Date> {
    const { rows } = await runSql<{ bound: string }>(
      this.dataSource,
      `SELECT max(upper_bound::text) AS bound FROM terra_connect.webhook_partitions()`,
    );
    // The first 48 bits of an id are its time.
    return new Date(parseInt((rows[0]?.bound ?? '').replace('-', '').slice(0, 12), 16));
  }

  /**
   * Removes done and ignored events that were received before `before`, and parked and dead-lettered events that were
   * received before `unappliedBefore`, which is earlier because an operator may still need these events. It drops whole
   * partitions, so events stay for up to a day longer.
   *
   * @returns how many
   */
  async pruneEvents(before: Date, unappliedBefore: Date, signal: AbortSignal): Promise<number> {
    let total = 0;
    while (!signal.aborted) {
      const { rows } = await runSql<{ removed: string | null }>(
        this.dataSource,
        `SELECT terra_connect.prune_webhook_events($1, $2, $3) AS removed`,
        [before, unappliedBefore, PRUNE_BATCH],
      );
      const removed = rows[0]?.removed ?? null;
      if (removed === null) break;
      total += Number(removed);
    }
    return total;
  }

  /** Deletes the receipts of deliveries that were received before `before`. @returns how many */
  pruneReceipts(before: Date, signal: AbortSignal): Promise<number> {
    return inBatches(PRUNE_RECEIPTS_BATCH, signal, async (limit) => {
      const { count } = await runSql(
        this.dataSource,
        `DELETE FROM terra_connect.webhook_receipts WHERE digest = ANY(ARRAY(
          SELECT digest FROM terra_connect.webhook_receipts WHERE received_at < $1 ORDER BY received_at LIMIT $2))`,
        [before, limit],
      );
      return count;
    });
  }
}
