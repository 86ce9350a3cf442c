import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddSessionRenewals1795700410000 implements MigrationInterface {
  name = 'AddSessionRenewals1795700410000';

  // Postgres stores a constant default without rewriting the table.
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE terra_connect.connect_sessions
        ADD COLUMN renewable_until timestamptz,
        ADD COLUMN renewals        integer NOT NULL DEFAULT 0,
        ADD COLUMN renewed_from    uuid,
        ADD COLUMN renewed_by      uuid`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE terra_connect.connect_sessions
        DROP COLUMN renewable_until, DROP COLUMN renewals, DROP COLUMN renewed_from, DROP COLUMN renewed_by`);
  }
}
