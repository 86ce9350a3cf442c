import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { runSql } from '../../database';

/** How far a relay is behind the log. */
export interface RelayLag {
  events: number;
  /** The age of the oldest event that it has not passed. */
  seconds: number;
}

/** The SQL of the relays. Leases are measured by the clock of Postgres, which all processes share. */
@Injectable()
export class EventRelayRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** The position of a relay. The first call starts the relay at the newest event: earlier ones are not published. */
  async position(name: string): Promise<number> {
    return (await this.find(name)) ?? this.create(name);
  }

  /** Takes the lease, unless another owner has it. @returns the position, or null when another owner has it */
  async claim(name: string, owner: string, leaseMs: number): Promise<number | null> {
    const { rows } = await runSql<{ position: string }>(
      this.dataSource,
      `UPDATE terra_connect.event_relays
        SET lease_owner = $2, leased_until = now() + $3 * interval '1 millisecond', updated_at = now()
        WHERE name = $1 AND (lease_owner IS NULL OR lease_owner = $2 OR leased_until < now())
        RETURNING position`,
      [name, owner, leaseMs],
    );
    return rows[0] ? Number(rows[0].position) : null;
  }

  /** @returns false when the owner has lost the lease; the position is then as the other owner has stored it */
  async advance(name: string, owner: string, position: number): Promise<boolean> {
    const { count } = await runSql(
      this.dataSource,
      `UPDATE terra_connect.event_relays SET position = $3, updated_at = now() WHERE name = $1 AND lease_owner = $2`,
      [name, owner, position],
    );
    return count > 0;
  }

  async release(name: string, owner: string): Promise<void> {
    await runSql(
      this.dataSource,
      `UPDATE terra_connect.event_relays SET lease_owner = NULL, leased_until = NULL, updated_at = now()
        WHERE name = $1 AND lease_owner = $2`,
      [name, owner],
    );
  }

  /**
   * Moves a relay back to before the events with ids from `firstId` on, never forward. The process that publishes loses the
   * lease, so it cannot overwrite this position with its own.
   *
   * @returns how many events the relay reads again
   */
  async moveBack(name: string, firstId: string): Promise<number> {
    const { rows } = await runSql<{ events: string }>(
      this.dataSource,
      `WITH relay AS (SELECT position FROM terra_connect.event_relays WHERE name = $1 FOR UPDATE),
          start AS (SELECT min(position) - 1 AS position FROM terra_connect.outgoing_events WHERE id >= $2)
        UPDATE terra_connect.event_relays moved
          SET position = start.position, lease_owner = NULL, leased_until = NULL, updated_at = now()
          FROM relay, start WHERE name = $1 AND start.position < relay.position
          RETURNING relay.position - moved.position AS events`,
      [name, firstId],
    );
    return Number(rows[0]?.events ?? 0);
  }

  async lag(name: string): Promise<RelayLag> {
    const { rows } = await runSql<{ events: string; seconds: string }>(
      this.dataSource,
      `SELECT log.last_position - relay.position AS events, coalesce(extract(epoch FROM now() - (
            SELECT created_at FROM terra_connect.outgoing_events
              WHERE position > relay.position ORDER BY position LIMIT 1)), 0) AS seconds
        FROM terra_connect.event_relays relay, terra_connect.event_log log WHERE relay.name = $1`,
      [name],
    );
    return { events: Number(rows[0]?.events ?? 0), seconds: Math.max(0, Number(rows[0]?.seconds ?? 0)) };
  }

  private async find(name: string): Promise<number | null> {
    const { rows } = await runSql<{ position: string }>(
      this.dataSource,
      `SELECT position FROM terra_connect.event_relays WHERE name = $1`,
      [name],
    );
    return rows[0] ? Number(rows[0].position) : null;
  }

  private async create(name: string): Promise<number> {
    await runSql(
      this.dataSource,
      `INSERT INTO terra_connect.event_relays (name, position, updated_at)
        SELECT $1, last_position, now() FROM terra_connect.event_log ON CONFLICT DO NOTHING`,
      [name],
    );
    return (await this.find(name)) ?? 0;
  }
}
