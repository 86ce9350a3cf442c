import type { MigrationInterface, QueryRunner } from 'typeorm';

const DAYS_AHEAD = 14;

/** Adds the webhook endpoints of callers, and the deliveries of events to them. */
export class AddEventDeliveries1795700720000 implements MigrationInterface {
  readonly name = 'AddEventDeliveries1795700720000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE terra_connect.event_endpoints (
        id uuid NOT NULL,
        url text NOT NULL,
        description text,
        types text[] NOT NULL,
        enabled boolean NOT NULL,
        disabled_reason text,
        secret text NOT NULL,
        previous_secret text,
        previous_secret_until timestamptz,
        failing_since timestamptz,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        deleted_at timestamptz,
        CONSTRAINT event_endpoints_pkey PRIMARY KEY (id),
        CONSTRAINT event_endpoints_disabled_reason CHECK (disabled_reason IN ('requested', 'gone', 'failing'))
      )`);
    await runner.query(`
      CREATE TABLE terra_connect.event_deliveries (
        endpoint_id uuid NOT NULL,
        event_id uuid NOT NULL,
        position bigint NOT NULL,
        lane_key text NOT NULL,
        status text NOT NULL,
        attempts integer NOT NULL DEFAULT 0,
        last_attempts jsonb NOT NULL DEFAULT '[]',
        delivered_at timestamptz,
        CONSTRAINT event_deliveries_pkey PRIMARY KEY (endpoint_id, event_id),
        CONSTRAINT event_deliveries_status CHECK (status IN ('pending', 'delivered', 'given_up', 'dropped'))
      ) PARTITION BY RANGE (event_id)`);
    await runner.query(
      `CREATE INDEX event_deliveries_lane_idx ON terra_connect.event_deliveries (endpoint_id, lane_key, position)
        WHERE status = 'pending'`,
    );
    await runner.query(
      `CREATE INDEX event_deliveries_status_idx ON terra_connect.event_deliveries (endpoint_id, status, event_id)
        WHERE status <> 'delivered'`,
    );
    await runner.query(
      `CREATE TABLE terra_connect.event_deliveries_other PARTITION OF terra_connect.event_deliveries DEFAULT`,
    );
    // Most lanes live for less than a second, so their pages need room for new versions, and frequent vacuums.
    await runner.query(`
      CREATE TABLE terra_connect.event_lanes (
        endpoint_id uuid NOT NULL,
        lane_key text NOT NULL,
        due_at timestamptz NOT NULL,
        lease uuid,
        attempts integer NOT NULL DEFAULT 0,
        failing_since timestamptz,
        CONSTRAINT event_lanes_pkey PRIMARY KEY (endpoint_id, lane_key)
      ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02)`);
    await runner.query(
      `CREATE INDEX event_lanes_due_at_idx ON terra_connect.event_lanes (endpoint_id, due_at)`,
    );
    await runner.query(
      `SELECT terra_connect.create_event_partitions((now() AT TIME ZONE 'UTC')::date + ${DAYS_AHEAD})`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP TABLE terra_connect.event_lanes, terra_connect.event_deliveries, terra_connect.event_endpoints`,
    );
  }
}
