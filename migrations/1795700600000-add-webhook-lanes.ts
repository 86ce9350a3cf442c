import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Adds the lane of an event to the inbox. Events of an earlier version stay in the first lane, which waits for no other. */
export class AddWebhookLanes1795700600000 implements MigrationInterface {
  name = 'AddWebhookLanes1795700600000';

  async up(runner: QueryRunner): Promise<void> {
    // A constant default: Postgres changes the catalogue only, and rewrites no row.
    await runner.query(
      `ALTER TABLE terra_connect.webhook_events ADD COLUMN lane smallint NOT NULL DEFAULT 0`,
    );
    await runner.query(`
      CREATE INDEX webhook_events_lane_idx ON terra_connect.webhook_events (lane, next_attempt_at, id)
        WHERE status = 'pending'`);
    await runner.query(`DROP INDEX terra_connect.webhook_events_due_idx`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE INDEX webhook_events_due_idx ON terra_connect.webhook_events (next_attempt_at, id)
        WHERE status = 'pending'`);
    await runner.query(`ALTER TABLE terra_connect.webhook_events DROP COLUMN lane`);
  }
}
