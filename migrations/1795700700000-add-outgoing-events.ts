import type { MigrationInterface, QueryRunner } from 'typeorm';
import { CREATE_EVENT_PARTITIONS, DROP_EVENT_PARTITION, EVENT_PARTITIONS } from './event-partition-functions';

const DAYS_AHEAD = 14;

/** Adds the log of the events for callers. */
export class AddOutgoingEvents1795700700000 implements MigrationInterface {
  readonly name = 'AddOutgoingEvents1795700700000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE terra_connect.outgoing_events (
        id uuid NOT NULL,
        ordinal bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
        position bigint,
        type text NOT NULL,
        reference_id text,
        connection_id uuid,
        occurred_at timestamptz NOT NULL,
        data text NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT outgoing_events_pkey PRIMARY KEY (id)
      ) PARTITION BY RANGE (id)`);
    await runner.query(
      `CREATE INDEX outgoing_events_position_idx ON terra_connect.outgoing_events (position) WHERE position IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX outgoing_events_ordinal_idx ON terra_connect.outgoing_events (ordinal) WHERE position IS NULL`,
    );
    await runner.query(
      `CREATE INDEX outgoing_events_reference_id_idx ON terra_connect.outgoing_events (reference_id, position)
        WHERE reference_id IS NOT NULL`,
    );
    await runner.query(
      `CREATE TABLE terra_connect.outgoing_events_other PARTITION OF terra_connect.outgoing_events DEFAULT`,
    );
    await runner.query(`
      CREATE TABLE terra_connect.event_log (
        id boolean NOT NULL DEFAULT true CONSTRAINT event_log_one_row CHECK (id),
        last_position bigint NOT NULL,
        horizon bigint NOT NULL,
        CONSTRAINT event_log_pkey PRIMARY KEY (id)
      )`);
    await runner.query(`INSERT INTO terra_connect.event_log (last_position, horizon) VALUES (0, 0)`);
    for (const statement of [EVENT_PARTITIONS, CREATE_EVENT_PARTITIONS, DROP_EVENT_PARTITION])
      await runner.query(statement);
    await runner.query(
      `SELECT terra_connect.create_event_partitions((now() AT TIME ZONE 'UTC')::date + ${DAYS_AHEAD})`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP FUNCTION terra_connect.drop_event_partition, terra_connect.create_event_partitions,
        terra_connect.event_partitions`,
    );
    await runner.query(`DROP TABLE terra_connect.event_log, terra_connect.outgoing_events`);
  }
}
