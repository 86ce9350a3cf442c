import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { inBatches, runSql } from '../database';

const PRUNE_BATCH = 1_000;
const PRUNE_RECEIPTS_BATCH = 10_000;

/** The SQL that deletes old events and receipts. */
@Injectable()
export class WebhookInboxRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Deletes done and ignored events that were received before `before`, and parked and dead-lettered events that were
   * received before `unappliedBefore`, which is earlier because an operator may still need these events.
   *
   * @returns how many
   */
  prune(before: Date, unappliedBefore: Date, signal: AbortSignal): Promise<number> {
    return inBatches(PRUNE_BATCH, signal, async (limit) => {
      const { count } = await runSql(
        this.dataSource,
        `WITH old AS MATERIALIZED (SELECT id FROM terra_connect.webhook_events
          WHERE (status IN ('done', 'ignored') AND received_at < $1)
            OR (status IN ('parked', 'dead_lettered') AND received_at < $2)
          ORDER BY received_at LIMIT $3 FOR UPDATE SKIP LOCKED)
          DELETE FROM terra_connect.webhook_events WHERE id IN (SELECT id FROM old)`,
        [before, unappliedBefore, limit],
      );
      return count;
    });
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
