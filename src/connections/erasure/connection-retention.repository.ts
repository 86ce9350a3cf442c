import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, In, type EntityManager } from 'typeorm';
import { inTransaction, runIn } from '../../database';
import { ConnectionFact } from '../projection/connection-fact.entity';

/** The SQL of what is old enough to go. */
@Injectable()
export class ConnectionRetentionRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Connections that ended before that time, by id. */
  endedBefore(
    before: Date,
    afterId: string | null,
    limit: number,
  ): Promise<{ id: string; referenceId: string; provider: string }[]> {
    return this.dataSource.query(
      `SELECT id, reference_id AS "referenceId", provider FROM terra_connect.connections
        WHERE merged_into IS NULL AND status IN ('disconnected', 'moved') AND disconnected_at < $1
          AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`,
      [before, afterId, limit],
    );
  }

  async deleteFacts(manager: EntityManager, ids: string[]): Promise<void> {
    await manager.delete(ConnectionFact, { id: In(ids) });
  }

  async deleteConfirmedDeauthentications(before: Date, limit: number): Promise<number> {
    const rows = await inTransaction(this.dataSource, (manager) =>
      runIn(
        manager,
        `WITH old AS MATERIALIZED (SELECT id FROM terra_connect.deauthentications
          WHERE status = 'confirmed' AND confirmed_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
          DELETE FROM terra_connect.deauthentications WHERE id IN (SELECT id FROM old) RETURNING id`,
        [before, limit],
      ),
    );
    return rows.length;
  }
}
