import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateConnectTables1795400000000 implements MigrationInterface {
  name = 'CreateConnectTables1795400000000';

  async up(runner: QueryRunner): Promise<void> {
    // Uses its own schema, because a host can have a "connections" table in the same database. CREATE SCHEMA IF NOT
    // EXISTS would need the right to create schemas even where a DBA has made this one.
    await runner.query(`
      DO $$ BEGIN
        IF to_regnamespace('terra_connect') IS NULL THEN CREATE SCHEMA terra_connect; END IF;
      END $$`);

    await runner.query(`
      CREATE TABLE terra_connect.api_keys (
        id            uuid        NOT NULL,
        name          text        NOT NULL,
        key_hash      bytea       NOT NULL,
        hint          text        NOT NULL,
        scopes        text[]      NOT NULL,
        created_at    timestamptz NOT NULL DEFAULT now(),
        last_used_at  timestamptz,
        revoked_at    timestamptz,
        CONSTRAINT api_keys_pkey PRIMARY KEY (id),
        CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash)
      )`);

    await runner.query(`
      CREATE TABLE terra_connect.connections (
        id               uuid        NOT NULL,
        reference_id     text        NOT NULL,
        provider         text        NOT NULL,
        terra_user_id    text        NOT NULL,
        status           text        NOT NULL,
        status_reason    text,
        status_at        timestamptz NOT NULL,
        scopes           text[]      NOT NULL DEFAULT '{}',
        scopes_at        timestamptz NOT NULL,
        connected_at     timestamptz NOT NULL,
        disconnected_at  timestamptz,
        merged_into      uuid,
        created_at       timestamptz NOT NULL DEFAULT now(),
        updated_at       timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT connections_pkey PRIMARY KEY (id),
        CONSTRAINT connections_status_check CHECK (status IN ('active', 'error', 'revoked')),
        CONSTRAINT connections_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES terra_connect.connections (id)
      )`);
    await runner.query(
      `CREATE INDEX connections_reference_id_idx ON terra_connect.connections (reference_id, id)
        WHERE merged_into IS NULL`,
    );
    await runner.query(
      `CREATE INDEX connections_terra_user_id_idx ON terra_connect.connections (terra_user_id)
        WHERE merged_into IS NULL`,
    );

    await runner.query(`
      CREATE TABLE terra_connect.connection_identities (
        terra_user_id  text        NOT NULL,
        connection_id  uuid,
        reference_id   text,
        provider       text,
        cause          text        NOT NULL,
        first_seen_at  timestamptz NOT NULL,
        superseded_by  text,
        superseded_at  timestamptz,
        ended_at       timestamptz,
        ended_cause    text,
        created_at     timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT connection_identities_pkey PRIMARY KEY (terra_user_id),
        CONSTRAINT connection_identities_connection_id_fkey
          FOREIGN KEY (connection_id) REFERENCES terra_connect.connections (id)
      )`);
    await runner.query(
      `CREATE INDEX connection_identities_connection_id_idx ON terra_connect.connection_identities (connection_id)`,
    );

    await runner.query(`
      CREATE TABLE terra_connect.connect_sessions (
        id                  uuid        NOT NULL,
        reference_id        text        NOT NULL,
        status              text        NOT NULL,
        failure_reason      text,
        providers           text[]      NOT NULL,
        language            text,
        show_disconnect     boolean     NOT NULL,
        multi_auth          boolean     NOT NULL,
        return_url          text,
        failure_return_url  text,
        metadata            jsonb,
        connect_token       text        NOT NULL,
        return_nonce_hash   bytea       NOT NULL,
        return_spent_at     timestamptz,
        terra_session_id    text,
        widget_url          text,
        widget_generation   text,
        warnings            text[]      NOT NULL DEFAULT '{}',
        api_key_id          uuid,
        idempotency_key     text,
        idempotency_digest  bytea,
        created_at          timestamptz NOT NULL,
        updated_at          timestamptz NOT NULL,
        expires_at          timestamptz NOT NULL,
        opened_at           timestamptz,
        ended_at            timestamptz,
        CONSTRAINT connect_sessions_pkey PRIMARY KEY (id),
        CONSTRAINT connect_sessions_status_check
          CHECK (status IN ('pending', 'opened', 'completed', 'failed', 'cancelled', 'expired')),
        CONSTRAINT connect_sessions_connect_token_key UNIQUE (connect_token),
        CONSTRAINT connect_sessions_return_nonce_hash_key UNIQUE (return_nonce_hash)
      )`);
    // A host has no API key. All its idempotency keys share one name space.
    await runner.query(
      `CREATE UNIQUE INDEX connect_sessions_idempotency_key_idx ON terra_connect.connect_sessions
        (coalesce(api_key_id, '00000000-0000-0000-0000-000000000000'), idempotency_key)
        WHERE idempotency_key IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX connect_sessions_reference_id_idx ON terra_connect.connect_sessions (reference_id, id DESC)`,
    );
    await runner.query(
      `CREATE INDEX connect_sessions_terra_session_id_idx ON terra_connect.connect_sessions (terra_session_id)`,
    );

    await runner.query(`
      CREATE TABLE terra_connect.connect_session_connections (
        session_id     uuid        NOT NULL,
        connection_id  uuid        NOT NULL,
        created_at     timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT connect_session_connections_pkey PRIMARY KEY (session_id, connection_id),
        CONSTRAINT connect_session_connections_session_id_fkey
          FOREIGN KEY (session_id) REFERENCES terra_connect.connect_sessions (id) ON DELETE CASCADE,
        CONSTRAINT connect_session_connections_connection_id_fkey
          FOREIGN KEY (connection_id) REFERENCES terra_connect.connections (id)
      )`);

    await runner.query(`
      CREATE TABLE terra_connect.webhook_events (
        id                uuid        NOT NULL,
        dedupe_key        text        NOT NULL,
        signature_digest  bytea       NOT NULL,
        trace_id          text,
        terra_reference   text,
        signed_at         timestamptz NOT NULL,
        ordering_at       timestamptz,
        received_at       timestamptz NOT NULL,
        body              bytea       NOT NULL,
        type              text,
        terra_user_id     text,
        status            text        NOT NULL,
        attempts          integer     NOT NULL DEFAULT 0,
        next_attempt_at   timestamptz NOT NULL,
        note              text,
        processed_at      timestamptz,
        CONSTRAINT webhook_events_pkey PRIMARY KEY (id),
        CONSTRAINT webhook_events_status_check CHECK (status IN ('pending', 'done', 'ignored', 'parked', 'dead')),
        CONSTRAINT webhook_events_dedupe_key_key UNIQUE (dedupe_key),
        CONSTRAINT webhook_events_signature_digest_key UNIQUE (signature_digest)
      )`);
    await runner.query(
      `CREATE INDEX webhook_events_due_idx ON terra_connect.webhook_events (next_attempt_at, id)
        WHERE status = 'pending'`,
    );
    await runner.query(
      `CREATE INDEX webhook_events_parked_idx ON terra_connect.webhook_events (terra_user_id)
        WHERE status = 'parked'`,
    );
    // The metrics count waiting events by this index, without reading the rest of the table.
    await runner.query(
      `CREATE INDEX webhook_events_waiting_idx ON terra_connect.webhook_events (status)
        WHERE status IN ('pending', 'parked', 'dead')`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    // The schema stays: it holds the list of migrations, and a host can have put other objects into it.
    await runner.query(`
      DROP TABLE terra_connect.connect_session_connections, terra_connect.connect_sessions,
        terra_connect.connection_identities, terra_connect.connections,
        terra_connect.webhook_events, terra_connect.api_keys`);
  }
}
