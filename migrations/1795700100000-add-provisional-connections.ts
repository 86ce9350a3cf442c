import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddProvisionalConnections1795700100000 implements MigrationInterface {
  name = 'AddProvisionalConnections1795700100000';

  async up(runner: QueryRunner): Promise<void> {
    // Nullable columns without a default: Postgres changes the catalogue only, and rewrites no row.
    await runner.query(`ALTER TABLE terra_connect.connections ADD COLUMN provisional_check_at timestamptz`);
    await runner.query(`ALTER TABLE terra_connect.connect_sessions ADD COLUMN provider_reason text`);
    await runner.query(
      `CREATE INDEX connections_provisional_check_at_idx ON terra_connect.connections (provisional_check_at)
        WHERE provisional_check_at IS NOT NULL`,
    );
    await runner.query(`
      UPDATE terra_connect.connect_sessions SET provider_reason = failure_reason, failure_reason = NULL
        WHERE failure_reason IS NOT NULL AND failure_reason NOT IN ('abandoned', 'erased', 'internal')
          AND failure_reason NOT LIKE 'terra.%'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `UPDATE terra_connect.connect_sessions SET failure_reason = provider_reason
        WHERE failure_reason IS NULL AND provider_reason IS NOT NULL`,
    );
    await runner.query(`ALTER TABLE terra_connect.connect_sessions DROP COLUMN provider_reason`);
    await runner.query(`ALTER TABLE terra_connect.connections DROP COLUMN provisional_check_at`);
  }
}
