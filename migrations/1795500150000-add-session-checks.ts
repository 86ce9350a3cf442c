import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddSessionChecks1795500150000 implements MigrationInterface {
  name = 'AddSessionChecks1795500150000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE terra_connect.connect_sessions
        ADD COLUMN success_landed_at  timestamptz,
        ADD COLUMN check_user_id      text,
        ADD COLUMN check_at           timestamptz,
        ADD COLUMN checks             integer NOT NULL DEFAULT 0`);
    await runner.query(
      `CREATE INDEX connect_sessions_check_at_idx ON terra_connect.connect_sessions (check_at)
        WHERE check_at IS NOT NULL`,
    );
    // A partial index stays small: few sessions are open at any time, while the table keeps all sessions.
    await runner.query(
      `CREATE INDEX connect_sessions_open_idx ON terra_connect.connect_sessions (status, expires_at)
        WHERE status IN ('pending', 'opened')`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP INDEX terra_connect.connect_sessions_check_at_idx, terra_connect.connect_sessions_open_idx`,
    );
    await runner.query(`
      ALTER TABLE terra_connect.connect_sessions
        DROP COLUMN success_landed_at, DROP COLUMN check_user_id, DROP COLUMN check_at, DROP COLUMN checks`);
  }
}
