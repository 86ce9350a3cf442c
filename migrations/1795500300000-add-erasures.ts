import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddErasures1795500300000 implements MigrationInterface {
  name = 'AddErasures1795500300000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE terra_connect.erasures (
        id                uuid         NOT NULL,
        reference_id      text,
        reference_digest  bytea        NOT NULL,
        status            text         NOT NULL,
        actor             text         NOT NULL,
        requested_at      timestamptz  NOT NULL,
        completed_at      timestamptz,
        counts            jsonb        NOT NULL DEFAULT '{}',
        confirmations     jsonb        NOT NULL DEFAULT '[]',
        CONSTRAINT erasures_pkey PRIMARY KEY (id),
        CONSTRAINT erasures_status_check CHECK (status IN ('pending', 'completed')),
        CONSTRAINT erasures_forgotten_check CHECK ((status = 'pending') = (reference_id IS NOT NULL))
      )`);
    // One at a time for an end user: who asks again is told of the one that is under way.
    await runner.query(
      `CREATE UNIQUE INDEX erasures_pending_idx ON terra_connect.erasures (reference_digest)
        WHERE status = 'pending'`,
    );
    await runner.query(
      `CREATE INDEX erasures_reference_digest_idx ON terra_connect.erasures (reference_digest)`,
    );
    // Facts are looked up by end user when one is erased or exported, and by nobody else.
    await runner.query(
      `CREATE INDEX connection_facts_reference_id_idx ON terra_connect.connection_facts (reference_id)
        WHERE reference_id IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX connection_facts_old_reference_id_idx ON terra_connect.connection_facts (old_reference_id)
        WHERE old_reference_id IS NOT NULL`,
    );
    // Links are looked up by session otherwise.
    await runner.query(
      `CREATE INDEX connect_session_connections_connection_id_idx
        ON terra_connect.connect_session_connections (connection_id)`,
    );
    // For retention.
    await runner.query(
      `CREATE INDEX connect_sessions_retention_idx ON terra_connect.connect_sessions (expires_at)`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP INDEX terra_connect.connect_sessions_retention_idx,
        terra_connect.connect_session_connections_connection_id_idx,
        terra_connect.connection_facts_old_reference_id_idx, terra_connect.connection_facts_reference_id_idx`);
    await runner.query(`DROP TABLE terra_connect.erasures`);
  }
}
