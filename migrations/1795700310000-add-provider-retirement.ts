import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Adds what the service knows of Terra's catalogue. New tables only, so it locks no table that is in use. */
export class AddProviderRetirement1795700310000 implements MigrationInterface {
  name = 'AddProviderRetirement1795700310000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE terra_connect.catalogue_providers (
        provider          text NOT NULL,
        seen_at           timestamptz,
        missing_since     timestamptz,
        retired_at        timestamptz,
        returned_at       timestamptz,
        is_pass_due       boolean NOT NULL DEFAULT false,
        pass_after        uuid,
        live_connections  integer NOT NULL DEFAULT 0,
        CONSTRAINT catalogue_providers_pkey PRIMARY KEY (provider)
      )`);
    await runner.query(`
      CREATE TABLE terra_connect.catalogue_checks (
        id          smallint NOT NULL,
        due_at      timestamptz NOT NULL,
        checked_at  timestamptz,
        held_since  timestamptz,
        CONSTRAINT catalogue_checks_pkey PRIMARY KEY (id),
        CONSTRAINT catalogue_checks_one_row_check CHECK (id = 1)
      )`);
    await runner.query(`INSERT INTO terra_connect.catalogue_checks (id, due_at) VALUES (1, now())`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE terra_connect.catalogue_checks, terra_connect.catalogue_providers`);
  }
}
