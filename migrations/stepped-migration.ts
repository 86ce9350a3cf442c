import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A part of a migration with its own transaction. It can run again after a later step has failed, and the service of the
 * version before works between two steps.
 *
 * @returns whether it must run again: a step that copies rows copies one batch
 */
export interface MigrationStep {
  run: (runner: QueryRunner) => Promise<boolean | void>;
  /** For statements that Postgres runs outside of transactions only. */
  outsideTransaction?: true;
}

/**
 * A migration that must not hold its locks until its end. `terra-connect migrate` runs each step by itself. A host's own
 * migration run has one transaction for all: there, the service of the host waits.
 */
export abstract class SteppedMigration implements MigrationInterface {
  abstract readonly name: string;
  abstract readonly upSteps: readonly MigrationStep[];
  abstract readonly downSteps: readonly MigrationStep[];
  /** What the down steps remove, for the question to the operator: a preview would run all of them. */
  abstract readonly removedByDown: readonly string[];

  up(runner: QueryRunner): Promise<void> {
    return runAll(this.upSteps, runner);
  }

  down(runner: QueryRunner): Promise<void> {
    return runAll(this.downSteps, runner);
  }
}

async function runAll(steps: readonly MigrationStep[], runner: QueryRunner): Promise<void> {
  for (const { run } of steps) while (await run(runner));
}

/** Creates an index of an existing table. Outside of a transaction, the table stays writable meanwhile. */
export function indexStep(table: string, name: string, definition: string): MigrationStep {
  return {
    outsideTransaction: true,
    run: async (runner) => {
      const concurrently = runner.isTransactionActive ? '' : 'CONCURRENTLY';
      // An attempt that was cut off leaves an index that is not valid.
      await runner.query(`DROP INDEX ${concurrently} IF EXISTS terra_connect.${name}`);
      await runner.query(`CREATE INDEX ${concurrently} ${name} ON terra_connect.${table} ${definition}`);
    },
  };
}

/** A step of statements. */
export function sqlStep(...statements: string[]): MigrationStep {
  return {
    run: async (runner) => {
      for (const statement of statements) await runner.query(statement);
    },
  };
}
