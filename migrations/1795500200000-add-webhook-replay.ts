import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddWebhookReplay1795500200000 implements MigrationInterface {
  name = 'AddWebhookReplay1795500200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE terra_connect.webhook_events
        ADD COLUMN reference_id  text,
        ADD COLUMN replays       integer NOT NULL DEFAULT 0,
        ADD COLUMN replayed_at   timestamptz,
        ADD COLUMN replayed_by   text`);
    // Operators list the events of one end user or of one Terra user, newest first.
    await runner.query(
      `CREATE INDEX webhook_events_reference_id_idx ON terra_connect.webhook_events (reference_id, id)
        WHERE reference_id IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX webhook_events_terra_user_id_idx ON terra_connect.webhook_events (terra_user_id, id)
        WHERE terra_user_id IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX terra_connect.webhook_events_reference_id_idx, terra_connect.webhook_events_terra_user_id_idx`);
    await runner.query(`
      ALTER TABLE terra_connect.webhook_events
        DROP COLUMN reference_id, DROP COLUMN replays, DROP COLUMN replayed_at, DROP COLUMN replayed_by`);
  }
}
