import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddWidgetOptions1795700400000 implements MigrationInterface {
  name = 'AddWidgetOptions1795700400000';

  // Postgres stores a constant default without rewriting the table.
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE terra_connect.connect_sessions
        ADD COLUMN use_terra_avengers_app boolean NOT NULL DEFAULT false,
        ADD COLUMN apple_app_url          text,
        ADD COLUMN samsung_app_url        text,
        ADD COLUMN connected_uids         text[]  NOT NULL DEFAULT '{}',
        ADD COLUMN bypass_feedback        boolean`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE terra_connect.connect_sessions
        DROP COLUMN use_terra_avengers_app, DROP COLUMN apple_app_url, DROP COLUMN samsung_app_url,
        DROP COLUMN connected_uids, DROP COLUMN bypass_feedback`);
  }
}
