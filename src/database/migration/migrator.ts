import { DataSource, type QueryRunner } from 'typeorm';
import { MIGRATIONS, SteppedMigration, type MigrationStep } from '../../../migrations';
import { hasSqlState } from '../../common';
import { KEEP_ALIVE } from '../data-source';
import { migrationFailed, notNewest, otherVersionsConnected } from './migration.errors';
import { MigrationList, type Migration } from './migration-list';
import { LOCK_NOT_AVAILABLE, MigrationTransactions, type MigratorOptions } from './migration-transactions';
import { readColumns, removedBetween } from './removed-columns';
import { MIGRATOR_NAME, schemaNumberOf, sessionsOfOtherVersions } from './sessions';

const CONNECT_TIMEOUT_MS = 10_000;
// A statement of a migration may take long. A server that is gone is noticed after 20 seconds, by the keep-alive.
const ANSWER_TIMEOUT_MS = 60 * 60_000;

/** A migration that was, or would be, reverted, and the tables and columns that this removes. */
export interface Reversion {
  name: string;
  removed: string[];
}

/** Connects to the database for the time of `work`. */
export async function withMigrator<T>(
  databaseUrl: string,
  options: MigratorOptions,
  work: (migrator: Migrator) => Promise<T>,
): Promise<T> {
  const dataSource = new DataSource({
    type: 'postgres',
    url: databaseUrl,
    applicationName: MIGRATOR_NAME,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    // Only limits of the client: a limit of the server would be a start-up parameter, which poolers reject.
    extra: { query_timeout: ANSWER_TIMEOUT_MS, ...KEEP_ALIVE },
  });
  await dataSource.initialize();
  try {
    return await work(new Migrator(dataSource, options));
  } finally {
    await dataSource.destroy();
  }
}

/**
 * Applies and reverts migrations. Each migration is one transaction, or one for each of its steps, so that none holds the
 * locks of another. Each transaction takes the migration lock and reads the state again: the lock then works behind a pooler
 * that shares connections between transactions, and two commands at the same time do each migration once.
 */
class Migrator {
  private readonly transactions: MigrationTransactions;

  constructor(
    private readonly dataSource: DataSource,
    private readonly options: MigratorOptions,
  ) {
    this.transactions = new MigrationTransactions(dataSource, options);
  }

  /** Applies every pending migration. @returns the names of those that this command has applied */
  async apply(): Promise<string[]> {
    const applied: string[] = [];
    for (;;) {
      const next = await this.transactions.inLock('rollback', (runner) => this.firstPending(runner));
      if (!next) return applied;
      if (await this.applyOne(next)) applied.push(next.name);
    }
  }

  /**
   * Says what {@link revert} would do to the newest migration, by doing it and rolling it back.
   *
   * @returns null if there is no migration
   */
  previewRevert(): Promise<Reversion | null> {
    return this.transactions.inLock('rollback', async (runner) => {
      const { newest } = await this.openForRevert(runner);
      return newest && this.revertInOne(runner, newest);
    });
  }

  /** Reverts the migration `name`, which must be the newest: another process can have reverted it since the preview. */
  async revert(name: string): Promise<Reversion> {
    const assertNewest = async (runner: QueryRunner): Promise<{ list: MigrationList; newest: Migration }> => {
      const { list, newest } = await this.openForRevert(runner);
      if (newest?.name !== name) throw notNewest(name);
      return { list, newest };
    };
    const steps = stepsOf(MIGRATIONS.find((migration) => migration.name === name));
    if (!steps)
      return this.transactions.inLock('commit', async (runner) => {
        const { list, newest } = await assertNewest(runner);
        const reverted = await this.revertInOne(runner, newest);
        await list.remove(newest);
        return reverted;
      });
    await this.runSteps(name, steps.downSteps, assertNewest, ({ list, newest }) => list.remove(newest));
    return { name, removed: [...steps.removedByDown] };
  }

  private async firstPending(runner: QueryRunner): Promise<Migration | undefined> {
    const { pending } = await MigrationList.open(runner);
    return pending[0];
  }

  /** @returns whether this command has applied it, and not another one meanwhile */
  private async applyOne(migration: Migration): Promise<boolean> {
    const openIfPending = async (runner: QueryRunner): Promise<MigrationList | null> => {
      const list = await MigrationList.open(runner);
      if (list.pending[0] !== migration) return null;
      await this.assertNoOtherVersion(runner, [...list.applied, ...list.pending]);
      return list;
    };
    const steps = stepsOf(migration)?.upSteps ?? [{ run: (runner) => new migration().up(runner) }];
    return this.runSteps(migration.name, steps, openIfPending, (list) => list.add(migration));
  }

  /**
   * Runs each step in a transaction of its own, the last one together with `finish`.
   *
   * @param open reads the state in each transaction; null when there is nothing to do any more
   * @returns whether all steps have run
   */
  private async runSteps<State>(
    name: string,
    steps: readonly MigrationStep[],
    open: (runner: QueryRunner) => Promise<State | null>,
    finish: (state: State) => Promise<void>,
  ): Promise<boolean> {
    for (const [index, step] of steps.entries()) {
      for (let more = true; more;) {
        const result = await this.transactions.inLock('commit', async (runner) => {
          const state = await open(runner);
          if (state === null) return null;
          const again = await this.runStep(step, runner).catch((error: unknown) => {
            throw hasSqlState(error, LOCK_NOT_AVAILABLE) ? error : migrationFailed(name, error);
          });
          if (!again && index === steps.length - 1) await finish(state);
          return again;
        });
        if (result === null) return false;
        more = result;
      }
    }
    return true;
  }

  private async runStep({ run, outsideTransaction }: MigrationStep, runner: QueryRunner): Promise<boolean> {
    if (!outsideTransaction) return (await run(runner)) === true;
    // The transaction of `runner` holds the migration lock meanwhile. The step would wait for the snapshot of its last
    // statement with parameters, which ends with the next statement without.
    await runner.query('SELECT 1');
    const outside = this.dataSource.createQueryRunner();
    try {
      await outside.query(`SET statement_timeout = 0; SET default_transaction_read_only = off`);
      return (await run(outside)) === true;
    } finally {
      await outside
        .query(`RESET statement_timeout; RESET default_transaction_read_only`)
        .catch(() => undefined);
      await outside.release();
    }
  }

  private async openForRevert(
    runner: QueryRunner,
  ): Promise<{ list: MigrationList; newest: Migration | null }> {
    const list = await MigrationList.open(runner);
    const newest = list.applied.at(-1) ?? null;
    if (newest) await this.assertNoOtherVersion(runner, list.applied.slice(0, -1));
    return { list, newest };
  }

  /** @returns what it removed; of a migration with steps, what it would remove, without doing it */
  private async revertInOne(runner: QueryRunner, migration: Migration): Promise<Reversion> {
    const steps = stepsOf(migration);
    if (steps) return { name: migration.name, removed: [...steps.removedByDown] };
    const before = await readColumns(runner);
    await new migration().down(runner);
    return { name: migration.name, removed: removedBetween(before, await readColumns(runner)) };
  }

  /** @param migrations what the database will have */
  private async assertNoOtherVersion(runner: QueryRunner, migrations: Migration[]): Promise<void> {
    if (this.options.force) return;
    const sessions = await sessionsOfOtherVersions(runner, schemaNumberOf(migrations));
    if (sessions.length > 0) throw otherVersionsConnected(sessions);
  }
}

function stepsOf(migration: Migration | undefined): SteppedMigration | null {
  const instance = migration && new migration();
  return instance instanceof SteppedMigration ? instance : null;
}
