import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lets one fact keep the changes of scopes by many earlier facts, which the service then need not read. */
export class AddScopeDigests1795700600020 implements MigrationInterface {
  name = 'AddScopeDigests1795700600020';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE terra_connect.connection_facts ADD COLUMN scope_digest text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`UPDATE terra_connect.connection_facts SET decides = true WHERE NOT decides`);
    await runner.query(`ALTER TABLE terra_connect.connection_facts DROP COLUMN scope_digest`);
  }
}
