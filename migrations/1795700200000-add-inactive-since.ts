import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddInactiveSince1795700200000 implements MigrationInterface {
  name = 'AddInactiveSince1795700200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE terra_connect.connection_identities ADD COLUMN inactive_since timestamptz`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE terra_connect.connection_identities DROP COLUMN inactive_since`);
  }
}
