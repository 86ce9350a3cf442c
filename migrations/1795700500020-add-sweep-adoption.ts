import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddSweepAdoption1795700500020 implements MigrationInterface {
  name = 'AddSweepAdoption1795700500020';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE terra_connect.sweeps ADD COLUMN adopts boolean NOT NULL DEFAULT false`);
  }

  async down(runner: QueryRunner): Promise<void> {
    // The earlier version does not know this reason. Its own reason for such a sweep is the other one.
    await runner.query(`UPDATE terra_connect.sweeps SET approval_reason = 'too_many_changes'
      WHERE approval_reason = 'unknown_users'`);
    await runner.query(`ALTER TABLE terra_connect.sweeps DROP COLUMN adopts`);
  }
}
