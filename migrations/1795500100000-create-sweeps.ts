import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateSweeps1795500100000 implements MigrationInterface {
  name = 'CreateSweeps1795500100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE terra_connect.sweeps (
        id            uuid        NOT NULL,
        status        text        NOT NULL,
        phase         text        NOT NULL,
        dry_run       boolean     NOT NULL,
        forced        boolean     NOT NULL,
        actor         text        NOT NULL,
        next_page     integer     NOT NULL DEFAULT 0,
        compare_after text,
        users_seen    integer     NOT NULL DEFAULT 0,
        unreadable    integer     NOT NULL DEFAULT 0,
        live          integer,
        changes       integer     NOT NULL DEFAULT 0,
        applied       integer     NOT NULL DEFAULT 0,
        brake         text,
        error_code    text,
        started_at    timestamptz NOT NULL,
        updated_at    timestamptz NOT NULL,
        finished_at   timestamptz,
        lease_owner   uuid,
        lease_until   timestamptz NOT NULL,
        CONSTRAINT sweeps_pkey PRIMARY KEY (id),
        CONSTRAINT sweeps_status_check CHECK (status IN ('running', 'held', 'completed', 'failed', 'overtaken')),
        CONSTRAINT sweeps_phase_check CHECK (phase IN ('reading', 'comparing', 'applying'))
      )`);
    // Allows at most one running sweep across all processes.
    await runner.query(
      `CREATE UNIQUE INDEX sweeps_running_idx ON terra_connect.sweeps ((true)) WHERE status = 'running'`,
    );
    // The table is not UNLOGGED: a crash would empty an unlogged table, and then every Terra user would look missing.
    await runner.query(`
      CREATE TABLE terra_connect.sweep_seen (
        sweep_id       uuid NOT NULL,
        terra_user_id  text NOT NULL,
        CONSTRAINT sweep_seen_pkey PRIMARY KEY (sweep_id, terra_user_id),
        CONSTRAINT sweep_seen_sweep_id_fkey
          FOREIGN KEY (sweep_id) REFERENCES terra_connect.sweeps (id) ON DELETE CASCADE
      )`);
    await runner.query(`
      CREATE TABLE terra_connect.sweep_findings (
        sweep_id       uuid        NOT NULL,
        terra_user_id  text        NOT NULL,
        action         text        NOT NULL,
        reference_id   text,
        connection_id  uuid,
        observed       jsonb,
        observed_at    timestamptz NOT NULL,
        settled_at     timestamptz,
        outcome        text,
        CONSTRAINT sweep_findings_pkey PRIMARY KEY (sweep_id, terra_user_id, action),
        CONSTRAINT sweep_findings_sweep_id_fkey
          FOREIGN KEY (sweep_id) REFERENCES terra_connect.sweeps (id) ON DELETE CASCADE
      )`);
    await runner.query(
      `CREATE INDEX sweep_findings_open_idx ON terra_connect.sweep_findings (sweep_id, terra_user_id)
        WHERE settled_at IS NULL`,
    );
    await runner.query(
      `CREATE INDEX connection_identities_missing_since_idx
        ON terra_connect.connection_identities (missing_since) WHERE missing_since IS NOT NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX terra_connect.connection_identities_missing_since_idx`);
    await runner.query(
      `DROP TABLE terra_connect.sweep_findings, terra_connect.sweep_seen, terra_connect.sweeps`,
    );
  }
}
