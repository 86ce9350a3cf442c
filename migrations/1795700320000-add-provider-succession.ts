import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Links a connection with the one at another provider that succeeds it. Columns without a default change no row, and there
 * is neither an index nor a foreign key, so that no lock on this busy table lasts: links are read by their end user.
 */
export class AddProviderSuccession1795700320000 implements MigrationInterface {
  name = 'AddProviderSuccession1795700320000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE terra_connect.connections
        ADD COLUMN succeeds      uuid,
        ADD COLUMN succeeded_by  uuid,
        ADD COLUMN succeeded_at  timestamptz`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE terra_connect.connections
        DROP COLUMN succeeds, DROP COLUMN succeeded_by, DROP COLUMN succeeded_at`);
  }
}
