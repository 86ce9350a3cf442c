import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { NatsOptions } from '../../config';
import { runSql } from '../../database';
import { natsTypesOf } from '../event-type-patterns';
import type { EventType } from '../event-types';
import type { EventBody } from './event-body.entity';

export type NewBody = Pick<EventBody, 'eventId' | 'connectionId' | 'body'>;

/** A body without its bytes. */
export type BodySummary = Pick<EventBody, 'eventId' | 'expiresAt'> & { bytes: number };

/** A page of the bodies in the order of their ids. */
interface SweptPage {
  seen: number;
  deleted: number;
  /** null: there are no more bodies. */
  lastId: string | null;
}

/**
 * Whether a taker still needs the body of a row `body`: an endpoint or NATS has not got it, or its event has no position yet,
 * so that none could get it. Endpoints that are disabled may be enabled again. `$1`: the types that NATS takes.
 */
const IS_NEEDED = `
  body.keeps
  OR EXISTS (
    SELECT FROM terra_connect.outgoing_events event WHERE event.id = body.event_id AND (
      event.position IS NULL
      OR event.type = ANY($1::text[])
        AND event.position > coalesce((SELECT position FROM terra_connect.event_relays WHERE name = 'nats'), 0)))
  OR EXISTS (
    SELECT FROM terra_connect.event_endpoints endpoint
      JOIN terra_connect.event_deliveries delivery
        ON delivery.endpoint_id = endpoint.id AND delivery.event_id = body.event_id
      WHERE endpoint.deleted_at IS NULL AND delivery.status = 'pending')`;

/** The SQL of the bodies of data events. */
@Injectable()
export class EventBodiesRepository {
  private readonly natsTypes: readonly EventType[];

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    nats: NatsOptions,
  ) {
    this.natsTypes = natsTypesOf(nats);
  }

  /** One statement for any number. The bytes travel as one value: an array of bytes would be sent as text of twice the size. */
  async insert(manager: EntityManager, bodies: NewBody[], expiresAt: Date): Promise<void> {
    const lengths = bodies.map(({ body }) => body.length);
    let next = 1;
    const starts = lengths.map((length) => {
      const start = next;
      next += length;
      return start;
    });
    await runSql(
      manager,
      `INSERT INTO terra_connect.event_bodies (event_id, connection_id, body, expires_at)
        SELECT event_id, connection_id, substring($3::bytea FROM start FOR length), $6
          FROM unnest($1::uuid[], $2::uuid[], $4::integer[], $5::integer[])
            AS given (event_id, connection_id, start, length)`,
      [
        bodies.map(({ eventId }) => eventId),
        bodies.map(({ connectionId }) => connectionId),
        bytesOf(bodies),
        starts,
        lengths,
        expiresAt,
      ],
    );
  }

  /** The size of a body and a part of it; null when the service does not have the body any more. */
  async part(
    eventId: string,
    from: number,
    length: number,
    now: Date,
  ): Promise<{ bytes: number; part: Buffer } | null> {
    const { rows } = await runSql<{ bytes: number; part: Buffer }>(
      this.dataSource,
      `SELECT octet_length(body) AS bytes, substring(body FROM $2::integer FOR $3::integer) AS part
        FROM terra_connect.event_bodies WHERE event_id = $1 AND expires_at > $4`,
      [eventId, from + 1, length, now],
    );
    return rows[0] ?? null;
  }

  /** Deletes those of these bodies that no taker needs. Their events have positions. */
  async release(eventIds: string[], target: EntityManager | DataSource = this.dataSource): Promise<void> {
    await runSql(
      target,
      `DELETE FROM terra_connect.event_bodies body WHERE event_id = ANY($2) AND NOT (${IS_NEEDED})`,
      [this.natsTypes, eventIds],
    );
  }

  /** Keeps bodies until they expire. */
  async keep(eventIds: string[]): Promise<void> {
    await runSql(
      this.dataSource,
      `UPDATE terra_connect.event_bodies SET keeps = true WHERE event_id = ANY($1)`,
      [eventIds],
    );
  }

  /** The sizes of these bodies, by event. */
  async sizesOf(eventIds: string[], now: Date): Promise<Map<string, number>> {
    const { rows } = await runSql<{ eventId: string; bytes: number }>(
      this.dataSource,
      `SELECT event_id AS "eventId", octet_length(body) AS bytes FROM terra_connect.event_bodies
        WHERE event_id = ANY($1) AND expires_at > $2`,
      [eventIds, now],
    );
    return new Map(rows.map(({ eventId, bytes }) => [eventId, bytes]));
  }

  /** These bodies, by event. */
  async bodiesOf(eventIds: string[], now: Date): Promise<Map<string, Buffer>> {
    const { rows } = await runSql<Pick<EventBody, 'eventId' | 'body'>>(
      this.dataSource,
      `SELECT event_id AS "eventId", body FROM terra_connect.event_bodies
        WHERE event_id = ANY($1) AND expires_at > $2`,
      [eventIds, now],
    );
    return new Map(rows.map(({ eventId, body }) => [eventId, body]));
  }

  /** Deletes the bodies among the next ones after an id that have expired, or that no taker needs. */
  async sweep(afterId: string, limit: number, now: Date): Promise<SweptPage> {
    const { rows } = await runSql<{ seen: number; deleted: number; lastId: string | null }>(
      this.dataSource,
      `WITH page AS MATERIALIZED (
          SELECT event_id FROM terra_connect.event_bodies WHERE event_id > $2 ORDER BY event_id LIMIT $3),
        gone AS (
          DELETE FROM terra_connect.event_bodies body USING page
            WHERE body.event_id = page.event_id AND (body.expires_at <= $4 OR NOT (${IS_NEEDED}))
            RETURNING body.event_id)
        SELECT (SELECT count(*)::int FROM page) AS seen, (SELECT count(*)::int FROM gone) AS deleted,
          (SELECT event_id FROM page ORDER BY event_id DESC LIMIT 1) AS "lastId"`,
      [this.natsTypes, afterId, limit, now],
    );
    return rows[0] as SweptPage;
  }

  /** The bodies of the events about an end user, oldest first. */
  async listOf(manager: EntityManager, referenceId: string): Promise<BodySummary[]> {
    const { rows } = await runSql<BodySummary>(
      manager,
      `SELECT event_id AS "eventId", octet_length(body) AS bytes, expires_at AS "expiresAt"
        FROM terra_connect.event_bodies WHERE ${OF_END_USER} ORDER BY event_id`,
      [referenceId],
    );
    return rows;
  }

  /** Deletes the bodies of the events about an end user. Call it before the events are deleted. @returns how many */
  async deleteOf(manager: EntityManager, referenceId: string): Promise<number> {
    const { count } = await runSql(manager, `DELETE FROM terra_connect.event_bodies WHERE ${OF_END_USER}`, [
      referenceId,
    ]);
    return count;
  }

  /** How many bodies there are, and their size. */
  async totals(): Promise<{ bodies: number; bytes: number }> {
    const { rows } = await runSql<{ bodies: string; bytes: string }>(
      this.dataSource,
      `SELECT count(*) AS bodies, coalesce(sum(octet_length(body)), 0) AS bytes FROM terra_connect.event_bodies`,
    );
    return { bodies: Number(rows[0]?.bodies), bytes: Number(rows[0]?.bytes) };
  }
}

const OF_END_USER = `event_id IN (SELECT id FROM terra_connect.outgoing_events WHERE reference_id = $1)`;

// A single body is not copied.
function bytesOf([first, ...others]: NewBody[]): Buffer {
  if (first && others.length === 0) return first.body;
  return Buffer.concat([first!, ...others].map(({ body }) => body));
}
