import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Marks the facts that still decide something, and indexes them, so that a long history does not slow down new facts. */
export class AddDecidingFacts1795700600010 implements MigrationInterface {
  name = 'AddDecidingFacts1795700600010';

  async up(runner: QueryRunner): Promise<void> {
    // A constant default: Postgres changes the catalogue only, and rewrites no row. The next fact about a Terra user marks
    // the stored ones.
    await runner.query(
      `ALTER TABLE terra_connect.connection_facts ADD COLUMN decides boolean NOT NULL DEFAULT true`,
    );
    await runner.query(`
      CREATE INDEX connection_facts_deciding_idx ON terra_connect.connection_facts (terra_user_id) WHERE decides`);
    await runner.query(`
      CREATE INDEX connection_facts_swapped_idx ON terra_connect.connection_facts (terra_user_id)
        WHERE kind = 'swapped'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX terra_connect.connection_facts_swapped_idx`);
    await runner.query(`ALTER TABLE terra_connect.connection_facts DROP COLUMN decides`);
  }
}
