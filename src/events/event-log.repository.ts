import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { columnsOf, rowSetOf, runSql } from '../database';
import type { EventType } from './event-types';
import { OutgoingEvent } from './outgoing-event.entity';

const NEW_EVENT_COLUMNS = [
  'id',
  'type',
  'referenceId',
  'connectionId',
  'occurredAt',
  'data',
  'createdAt',
] as const;

/** The positions that the log has: after `horizon`, up to `lastPosition`. */
export interface LogBounds {
  lastPosition: number;
  horizon: number;
}

/** Which events to read. An event must match every given filter. */
export interface EventCriteria {
  types: readonly EventType[] | null;
  referenceId: string | null;
}

/** The SQL of the log of outgoing events. */
@Injectable()
export class EventLogRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** @param ended connections that end with these events: the data that still waits for takers does not leave (T-24) */
  async insert(
    manager: EntityManager,
    events: Omit<OutgoingEvent, 'ordinal' | 'position'>[],
    ended: string[],
  ): Promise<void> {
    const { table, columns, select, values } = rowSetOf(
      manager,
      OutgoingEvent,
      NEW_EVENT_COLUMNS,
      events as OutgoingEvent[],
    );
    const insertion = `INSERT INTO ${table} (${columns.join(', ')}) ${select}`;
    if (ended.length === 0) await runSql(manager, insertion, values);
    else
      await runSql(
        manager,
        `WITH withheld AS (DELETE FROM terra_connect.event_bodies WHERE connection_id = ANY($${values.length + 1}::uuid[]))
          ${insertion}`,
        [...values, ended],
      );
  }

  async hasUnsequenced(): Promise<boolean> {
    const { rows } = await runSql(
      this.dataSource,
      `SELECT FROM terra_connect.outgoing_events WHERE position IS NULL LIMIT 1`,
    );
    return rows.length > 0;
  }

  /** Waits for other sequencers. Read events after it: then everything that they have sequenced is visible. */
  async lockLog(manager: EntityManager): Promise<number> {
    const { rows } = await runSql<{ lastPosition: string }>(
      manager,
      `SELECT last_position AS "lastPosition" FROM terra_connect.event_log FOR UPDATE`,
    );
    return Number(rows[0]?.lastPosition);
  }

  /** The committed events without a position, in the order of insertion. */
  async unsequenced(manager: EntityManager, limit: number): Promise<Pick<OutgoingEvent, 'id' | 'type'>[]> {
    const { rows } = await runSql<Pick<OutgoingEvent, 'id' | 'type'>>(
      manager,
      `SELECT id, type FROM terra_connect.outgoing_events
        WHERE position IS NULL ORDER BY ordinal LIMIT $1`,
      [limit],
    );
    return rows;
  }

  async storePositions(manager: EntityManager, ids: string[], positions: number[]): Promise<void> {
    await runSql(
      manager,
      `WITH log AS (UPDATE terra_connect.event_log SET last_position = $3)
        UPDATE terra_connect.outgoing_events event SET position = given.position
          FROM unnest($1::uuid[], $2::bigint[]) AS given (id, position) WHERE event.id = given.id AND event.id = ANY($1)`,
      [ids, positions, positions.at(-1)],
    );
  }

  /** null: there is no such event. */
  async typeOf(id: string): Promise<EventType | null> {
    const { rows } = await runSql<{ type: EventType }>(
      this.dataSource,
      `SELECT type FROM terra_connect.outgoing_events WHERE id = $1`,
      [id],
    );
    return rows[0]?.type ?? null;
  }

  async bounds(): Promise<LogBounds> {
    const { rows } = await runSql<{ lastPosition: string; horizon: string }>(
      this.dataSource,
      `SELECT last_position AS "lastPosition", horizon FROM terra_connect.event_log`,
    );
    return { lastPosition: Number(rows[0]?.lastPosition), horizon: Number(rows[0]?.horizon) };
  }

  /** The events in an interval of positions, in their order. */
  async read(
    { after, until }: { after: number; until: number },
    { types, referenceId }: EventCriteria,
    limit: number,
  ): Promise<OutgoingEvent[]> {
    const { rows } = await runSql<OutgoingEvent>(
      this.dataSource,
      `SELECT ${columnsOf(this.dataSource, OutgoingEvent)} FROM terra_connect.outgoing_events
        WHERE position > $1 AND position <= $2 AND ($3::text[] IS NULL OR type = ANY($3))
          AND ($4::text IS NULL OR reference_id = $4)
        ORDER BY position LIMIT $5`,
      [after, until, types, referenceId, limit],
    );
    return rows;
  }

  /** The events about an end user, oldest first, also those without a position. */
  async listOf(manager: EntityManager, referenceId: string): Promise<OutgoingEvent[]> {
    const { rows } = await runSql<OutgoingEvent>(
      manager,
      `SELECT ${columnsOf(manager, OutgoingEvent)} FROM terra_connect.outgoing_events
        WHERE reference_id = $1 ORDER BY ordinal`,
      [referenceId],
    );
    return rows;
  }

  /** Deletes the events about an end user. @returns how many */
  async deleteOf(manager: EntityManager, referenceId: string): Promise<number> {
    const { count } = await runSql(
      manager,
      `DELETE FROM terra_connect.outgoing_events WHERE reference_id = $1`,
      [referenceId],
    );
    return count;
  }

  /** Creates the missing daily partitions up to the day of `until` in UTC. */
  async createPartitions(until: Date): Promise<void> {
    await runSql(this.dataSource, `SELECT terra_connect.create_event_partitions($1::date)`, [dayOf(until)]);
  }

  /** Drops the partitions of the days before that of `before`. @returns how many */
  async dropPartitions(before: Date, signal: AbortSignal): Promise<number> {
    let dropped = 0;
    while (!signal.aborted) {
      const { rows } = await runSql<{ count: number | null }>(
        this.dataSource,
        `SELECT terra_connect.drop_event_partition($1::date) AS count`,
        [dayOf(before)],
      );
      if (!rows[0]?.count) break;
      dropped += 1;
    }
    return dropped;
  }
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}
