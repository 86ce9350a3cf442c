import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { columnsOf, insertionOf, runSql } from '../../database';
import { EventEndpoint, type DisabledReason } from './event-endpoint.entity';

// Any number that no other advisory lock has.
const CREATION_LOCK = 7_283_117;

/** The SQL of webhook endpoints. */
@Injectable()
export class EndpointsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Every endpoint that is not deleted, oldest first. */
  async list(): Promise<EventEndpoint[]> {
    const { rows } = await runSql<EventEndpoint>(
      this.dataSource,
      `SELECT ${columnsOf(this.dataSource, EventEndpoint)} FROM terra_connect.event_endpoints
        WHERE deleted_at IS NULL ORDER BY id`,
    );
    return rows;
  }

  /** Every type and group that an enabled endpoint names. */
  async patternsWanted(manager: EntityManager): Promise<string[]> {
    const { rows } = await runSql<{ pattern: string }>(
      manager,
      `SELECT DISTINCT unnest(types) AS pattern FROM terra_connect.event_endpoints
        WHERE enabled AND deleted_at IS NULL`,
    );
    return rows.map(({ pattern }) => pattern);
  }

  async find(id: string): Promise<EventEndpoint | null> {
    const { rows } = await runSql<EventEndpoint>(
      this.dataSource,
      `SELECT ${columnsOf(this.dataSource, EventEndpoint)} FROM terra_connect.event_endpoints
        WHERE id = $1 AND deleted_at IS NULL`,
      [id],
    );
    return rows[0] ?? null;
  }

  /** Inserts an endpoint unless there are as many as the limit. @returns whether it did */
  async insert(manager: EntityManager, endpoint: EventEndpoint, limit: number): Promise<boolean> {
    await runSql(manager, 'SELECT pg_advisory_xact_lock($1)', [CREATION_LOCK]);
    const { into, parameters, values } = insertionOf(manager, EventEndpoint, endpoint);
    const { count } = await runSql(
      manager,
      `INSERT INTO ${into} SELECT ${parameters}
        WHERE (SELECT count(*) FROM terra_connect.event_endpoints WHERE deleted_at IS NULL) < ${limit}`,
      values,
    );
    return count === 1;
  }

  async lock(manager: EntityManager, id: string): Promise<EventEndpoint | null> {
    const { rows } = await runSql<EventEndpoint>(
      manager,
      `SELECT ${columnsOf(manager, EventEndpoint)} FROM terra_connect.event_endpoints
        WHERE id = $1 AND deleted_at IS NULL FOR UPDATE`,
      [id],
    );
    return rows[0] ?? null;
  }

  /** Writes what a caller can change, and the state that follows from it. */
  async update(manager: EntityManager, endpoint: EventEndpoint): Promise<void> {
    await runSql(
      manager,
      `UPDATE terra_connect.event_endpoints SET url = $2, description = $3, types = $4::text[], enabled = $5,
          disabled_reason = $6, failing_since = $7, secret = $8, previous_secret = $9, previous_secret_until = $10,
          updated_at = $11, deleted_at = $12
        WHERE id = $1`,
      [
        endpoint.id,
        endpoint.url,
        endpoint.description,
        endpoint.types,
        endpoint.enabled,
        endpoint.disabledReason,
        endpoint.failingSince,
        endpoint.secret,
        endpoint.previousSecret,
        endpoint.previousSecretUntil,
        endpoint.updatedAt,
        endpoint.deletedAt,
      ],
    );
  }

  /** Keeps when an endpoint began to fail, or that it no longer fails. An earlier beginning stays. */
  async setFailingSince(id: string, since: Date | null): Promise<void> {
    await runSql(
      this.dataSource,
      `UPDATE terra_connect.event_endpoints
        SET failing_since = CASE WHEN $2::timestamptz IS NULL THEN NULL ELSE coalesce(failing_since, $2) END
        WHERE id = $1`,
      [id, since],
    );
  }

  /** @returns whether the endpoint was enabled */
  async disable(manager: EntityManager, id: string, reason: DisabledReason, now: Date): Promise<boolean> {
    const { count } = await runSql(
      manager,
      `UPDATE terra_connect.event_endpoints SET enabled = false, disabled_reason = $2, updated_at = $3
        WHERE id = $1 AND enabled AND deleted_at IS NULL`,
      [id, reason, now],
    );
    return count === 1;
  }

  async countDisabled(): Promise<number> {
    const { rows } = await runSql<{ count: string }>(
      this.dataSource,
      `SELECT count(*) AS count FROM terra_connect.event_endpoints WHERE NOT enabled AND deleted_at IS NULL`,
    );
    return Number(rows[0]?.count);
  }

  /** Endpoints that were deleted before a time, whose rows remain. */
  async deletedBefore(before: Date): Promise<string[]> {
    const { rows } = await runSql<{ id: string }>(
      this.dataSource,
      `SELECT id FROM terra_connect.event_endpoints WHERE deleted_at < $1 ORDER BY id`,
      [before],
    );
    return rows.map(({ id }) => id);
  }

  async remove(id: string): Promise<void> {
    await runSql(
      this.dataSource,
      `DELETE FROM terra_connect.event_endpoints WHERE id = $1 AND deleted_at IS NOT NULL`,
      [id],
    );
  }
}
