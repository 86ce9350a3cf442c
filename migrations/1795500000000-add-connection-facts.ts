import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddConnectionFacts1795500000000 implements MigrationInterface {
  name = 'AddConnectionFacts1795500000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE terra_connect.connection_facts (
        id                 uuid        NOT NULL,
        fact_key           bytea       NOT NULL,
        terra_user_id      text        NOT NULL,
        kind               text        NOT NULL,
        cause              text        NOT NULL,
        source             text        NOT NULL,
        version            timestamptz NOT NULL,
        reference_id       text,
        provider           text,
        old_terra_user_id  text,
        old_reference_id   text,
        scopes             text[],
        scopes_added       text[]      NOT NULL DEFAULT '{}',
        scopes_removed     text[]      NOT NULL DEFAULT '{}',
        actor              text,
        reason             text,
        source_id          text,
        recorded_at        timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT connection_facts_pkey PRIMARY KEY (id),
        CONSTRAINT connection_facts_fact_key_key UNIQUE (fact_key),
        CONSTRAINT connection_facts_kind_check CHECK (kind IN
          ('linked', 'swapped', 'scopes', 'failing', 'recovered', 'disconnect_requested', 'ended'))
      )`);
    await runner.query(
      `CREATE INDEX connection_facts_terra_user_id_idx ON terra_connect.connection_facts (terra_user_id)`,
    );
    await runner.query(
      `CREATE INDEX connection_facts_old_terra_user_id_idx ON terra_connect.connection_facts (old_terra_user_id)
        WHERE old_terra_user_id IS NOT NULL`,
    );
    await this.addConnectionColumns(runner);
    await this.addIdentityColumns(runner);
    await this.deriveFacts(runner);

    await runner.query(`
      CREATE TABLE terra_connect.deauthentications (
        id               uuid        NOT NULL,
        terra_user_id    text        NOT NULL,
        connection_id    uuid,
        reference_id     text,
        actor            text        NOT NULL,
        reason           text        NOT NULL,
        status           text        NOT NULL,
        attempts         integer     NOT NULL DEFAULT 0,
        requested_at     timestamptz NOT NULL,
        next_attempt_at  timestamptz NOT NULL,
        last_attempt_at  timestamptz,
        last_outcome     text,
        confirmed_at     timestamptz,
        verified_at      timestamptz,
        CONSTRAINT deauthentications_pkey PRIMARY KEY (id),
        CONSTRAINT deauthentications_status_check CHECK (status IN ('pending', 'confirmed'))
      )`);
    // Allows at most one pending request per Terra user, even if several processes insert at the same time.
    await runner.query(
      `CREATE UNIQUE INDEX deauthentications_pending_idx ON terra_connect.deauthentications (terra_user_id)
        WHERE status = 'pending'`,
    );
    await runner.query(
      `CREATE INDEX deauthentications_due_idx ON terra_connect.deauthentications (next_attempt_at, id)
        WHERE status = 'pending'`,
    );
    await runner.query(
      `CREATE INDEX deauthentications_terra_user_id_idx ON terra_connect.deauthentications (terra_user_id)`,
    );
    await runner.query(
      `CREATE INDEX deauthentications_reference_id_idx ON terra_connect.deauthentications (reference_id)`,
    );
    await runner.query(
      `CREATE INDEX deauthentications_last_attempt_at_idx ON terra_connect.deauthentications (last_attempt_at)`,
    );
    await runner.query(
      `CREATE INDEX deauthentications_unverified_idx ON terra_connect.deauthentications (confirmed_at)
        WHERE status = 'confirmed' AND verified_at IS NULL`,
    );

    await runner.query(`
      ALTER TABLE terra_connect.connect_sessions
        ADD COLUMN reconnects_connection_id uuid,
        ADD COLUMN reconnects_terra_user_id text`);

    await runner.query(`
      CREATE TABLE terra_connect.tombstones (
        digest     bytea       NOT NULL,
        kind       text        NOT NULL,
        erased_at  timestamptz NOT NULL,
        CONSTRAINT tombstones_pkey PRIMARY KEY (digest),
        CONSTRAINT tombstones_kind_check CHECK (kind IN ('end_user', 'terra_user'))
      )`);
  }

  private async addConnectionColumns(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE terra_connect.connections
        ADD COLUMN origin_terra_user_id text,
        ADD COLUMN account_digest bytea,
        ADD COLUMN last_data_at timestamptz,
        ADD COLUMN reconciled_at timestamptz,
        ADD COLUMN reconcile_at timestamptz NOT NULL DEFAULT now(),
        ALTER COLUMN scopes_at DROP NOT NULL,
        DROP CONSTRAINT connections_status_check`);
    await runner.query(`
      UPDATE terra_connect.connections c SET
        status = CASE status WHEN 'error' THEN 'needs_reauth' WHEN 'revoked' THEN 'disconnected' ELSE status END,
        -- A merged connection was created for its own Terra user, every other connection for its first Terra user.
        origin_terra_user_id = CASE WHEN merged_into IS NOT NULL THEN terra_user_id ELSE coalesce(
          (SELECT i.terra_user_id FROM terra_connect.connection_identities i WHERE i.connection_id = c.id
            ORDER BY i.first_seen_at, i.terra_user_id LIMIT 1), terra_user_id) END`);
    await runner.query(`
      ALTER TABLE terra_connect.connections
        ALTER COLUMN origin_terra_user_id SET NOT NULL,
        ADD CONSTRAINT connections_status_check
          CHECK (status IN ('active', 'needs_reauth', 'disconnecting', 'disconnected', 'moved'))`);
    await runner.query(
      `CREATE INDEX connections_owner_idx ON terra_connect.connections (reference_id, provider)`,
    );
    await runner.query(
      `CREATE INDEX connections_account_digest_idx ON terra_connect.connections (account_digest)
        WHERE account_digest IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX connections_reconcile_at_idx ON terra_connect.connections (reconcile_at)
        WHERE merged_into IS NULL AND status IN ('active', 'needs_reauth', 'disconnecting')`,
    );
    await runner.query(
      `CREATE INDEX connections_last_data_at_idx ON terra_connect.connections (last_data_at)
        WHERE merged_into IS NULL AND status = 'active'`,
    );
  }

  private async addIdentityColumns(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE terra_connect.connection_identities
        ADD COLUMN linked_at timestamptz,
        ADD COLUMN missing_since timestamptz`);
    await runner.query(
      `UPDATE terra_connect.connection_identities SET linked_at = first_seen_at WHERE connection_id IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX connection_identities_owner_idx
        ON terra_connect.connection_identities (reference_id, provider)`,
    );
  }

  // Derives facts from the existing rows. Without them, the next fact would replace the known state instead of adding to it.
  private async deriveFacts(runner: QueryRunner): Promise<void> {
    const derive = (fields: string, from: string): Promise<unknown> =>
      runner.query(`
        INSERT INTO terra_connect.connection_facts
          (id, fact_key, terra_user_id, kind, cause, source, version, reference_id, provider, old_terra_user_id, scopes)
        SELECT gen_random_uuid(), sha256(convert_to(
            concat_ws(' ', 'derived', fact.kind, fact.terra_user_id, fact.old_terra_user_id), 'UTF8')), fact.*
        FROM (SELECT ${fields} FROM ${from}) AS fact
          (terra_user_id, kind, cause, source, version, reference_id, provider, old_terra_user_id, scopes)`);
    const source = (cause: string): string =>
      `CASE ${cause} WHEN 'landing' THEN 'landing' WHEN 'disconnected_by_us' THEN 'api' ELSE 'webhook' END`;
    const identities = 'terra_connect.connection_identities i';
    const withConnection = `${identities} JOIN terra_connect.connections c ON c.id = i.connection_id`;

    await derive(
      `i.terra_user_id, 'linked', i.cause, ${source('i.cause')}, i.first_seen_at, i.reference_id, i.provider,
        NULL::text, CASE WHEN c.terra_user_id = i.terra_user_id THEN c.scopes END`,
      withConnection,
    );
    await derive(
      `i.superseded_by, 'swapped', 'user_reauth', 'webhook', i.superseded_at, i.reference_id, i.provider,
        i.terra_user_id, NULL::text[]`,
      `${withConnection} WHERE i.superseded_by IS NOT NULL`,
    );
    await derive(
      `i.terra_user_id, 'ended', i.ended_cause, ${source('i.ended_cause')}, i.ended_at, NULL::text, NULL::text,
        NULL::text, NULL::text[]`,
      `${identities} WHERE i.ended_at IS NOT NULL`,
    );
    await derive(
      `c.terra_user_id, 'failing', 'connection_error', 'webhook', c.status_at, NULL::text, NULL::text, NULL::text,
        NULL::text[]`,
      `terra_connect.connections c WHERE c.status = 'needs_reauth' AND c.merged_into IS NULL`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `DROP TABLE terra_connect.tombstones, terra_connect.deauthentications, terra_connect.connection_facts`,
    );
    await runner.query(`
      ALTER TABLE terra_connect.connect_sessions
        DROP COLUMN reconnects_connection_id, DROP COLUMN reconnects_terra_user_id`);
    await runner.query(`DROP INDEX terra_connect.connection_identities_owner_idx`);
    // Before this migration, a Terra user got an identity only when it was linked or ended.
    await runner.query(`
      DELETE FROM terra_connect.connection_identities WHERE connection_id IS NULL AND ended_at IS NULL`);
    await runner.query(`
      ALTER TABLE terra_connect.connection_identities DROP COLUMN linked_at, DROP COLUMN missing_since`);
    await runner.query(`
      DROP INDEX terra_connect.connections_owner_idx, terra_connect.connections_reconcile_at_idx,
        terra_connect.connections_last_data_at_idx, terra_connect.connections_account_digest_idx`);
    await runner.query(`ALTER TABLE terra_connect.connections DROP CONSTRAINT connections_status_check`);
    await runner.query(`
      UPDATE terra_connect.connections SET scopes_at = coalesce(scopes_at, status_at),
        status = CASE status WHEN 'active' THEN 'active' WHEN 'needs_reauth' THEN 'error' ELSE 'revoked' END`);
    await runner.query(`
      ALTER TABLE terra_connect.connections
        DROP COLUMN origin_terra_user_id, DROP COLUMN account_digest, DROP COLUMN last_data_at, DROP COLUMN reconciled_at,
        DROP COLUMN reconcile_at,
        ALTER COLUMN scopes_at SET NOT NULL,
        ADD CONSTRAINT connections_status_check CHECK (status IN ('active', 'error', 'revoked'))`);
  }
}
