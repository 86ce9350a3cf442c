import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { inTransaction, runIn } from '../database';

/** The SQL that takes events out of the table, once Terra cannot send them again. */
@Injectable()
export class WebhookRetentionRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async deleteOld(before: Date, stuckBefore: Date, limit: number): Promise<number> {
    const rows = await inTransaction(this.dataSource, (manager) =>
      runIn(
        manager,
        `WITH old AS MATERIALIZED (SELECT id FROM terra_connect.webhook_events
          WHERE (status IN ('done', 'ignored') AND received_at < $1)
            OR (status IN ('parked', 'dead_lettered') AND received_at < $2)
          ORDER BY received_at LIMIT $3 FOR UPDATE SKIP LOCKED)
          DELETE FROM terra_connect.webhook_events WHERE id IN (SELECT id FROM old) RETURNING id`,
        [before, stuckBefore, limit],
      ),
    );
    return rows.length;
  }
}
