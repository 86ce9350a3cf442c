import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddErasures1795500300000 implements MigrationInterface {
  name = 'AddErasures1795500300000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE terra_connect.erasures (
        id                uuid        NOT NULL,
        reference_id      text,
        reference_digest  bytea       NOT NULL,
        status            text        NOT NULL,
        actor             text        NOT NULL,
        requested_at      timestamptz NOT NULL,
        completed_at      timestamptz,
        counts            jsonb       NOT NULL DEFAULT '{}',
        confirmations     jsonb       NOT NULL DEFAULT '[]',
        CONSTRAINT erasures_pkey PRIMARY KEY (id),
        CONSTRAINT erasures_status_check CHECK (status IN ('pending', 'completed'))
      )`);
    // Allows at most one pending erasure per end user, even if several callers request one at the same time.
    await runner.query(
      `CREATE UNIQUE INDEX erasures_pending_idx ON terra_connect.erasures (reference_digest)
        WHERE status = 'pending'`,
    );
    await runner.query(
      `CREATE INDEX erasures_reference_digest_idx ON terra_connect.erasures (reference_digest, id)`,
    );
    // Retention deletes the oldest ended sessions and the oldest events first.
    await runner.query(
      `CREATE INDEX connect_sessions_ended_at_idx ON terra_connect.connect_sessions (ended_at)
        WHERE ended_at IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX webhook_events_received_at_idx ON terra_connect.webhook_events (received_at)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX terra_connect.connect_sessions_ended_at_idx, terra_connect.webhook_events_received_at_idx`);
    await runner.query(`DROP TABLE terra_connect.erasures`);
  }
}
