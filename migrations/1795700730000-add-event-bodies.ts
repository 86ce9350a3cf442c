import type { MigrationInterface, QueryRunner } from 'typeorm';

const DAYS_AHEAD = 14;

/** Adds the bodies of data events, which stay until every taker has them. */
export class AddEventBodies1795700730000 implements MigrationInterface {
  readonly name = 'AddEventBodies1795700730000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE terra_connect.event_bodies (
        event_id uuid NOT NULL,
        connection_id uuid,
        body bytea NOT NULL,
        expires_at timestamptz NOT NULL,
        keeps boolean NOT NULL DEFAULT false,
        CONSTRAINT event_bodies_pkey PRIMARY KEY (event_id)
      ) PARTITION BY RANGE (event_id)`);
    await runner.query(
      `CREATE INDEX event_bodies_connection_id_idx ON terra_connect.event_bodies (connection_id)
        WHERE connection_id IS NOT NULL`,
    );
    await runner.query(
      `CREATE TABLE terra_connect.event_bodies_other PARTITION OF terra_connect.event_bodies DEFAULT`,
    );
    await runner.query(
      `SELECT terra_connect.create_event_partitions((now() AT TIME ZONE 'UTC')::date + ${DAYS_AHEAD})`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE terra_connect.event_bodies`);
  }
}
