import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Adds how far events have left through an engine that reads the log, and which process is at it. */
export class AddEventRelays1795700725000 implements MigrationInterface {
  readonly name = 'AddEventRelays1795700725000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE terra_connect.event_relays (
        name text NOT NULL,
        position bigint NOT NULL,
        lease_owner uuid,
        leased_until timestamptz,
        updated_at timestamptz NOT NULL,
        CONSTRAINT event_relays_pkey PRIMARY KEY (name)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE terra_connect.event_relays`);
  }
}
