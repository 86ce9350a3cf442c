import { DataSource, type QueryRunner } from 'typeorm';
import { hasSqlState } from '../../common';
import { KEEP_ALIVE } from '../data-source';
import { lockNotGranted, notNewest, otherVersionsConnected, tableLocked } from './migration.errors';
import { MigrationList, type Migration } from './migration-list';
import { readColumns, removedBetween } from './removed-columns';
import { assertSupportedServer } from './server-version';
import { holderOf, MIGRATOR_NAME, schemaNumberOf, sessionsOfOtherVersions } from './sessions';

// An arbitrary number, equal in every process that migrates.
const MIGRATION_LOCK = 7_283_114;
const LOCK_NOT_AVAILABLE = '55P03';
const CONNECT_TIMEOUT_MS = 10_000;
// A statement of a migration may take long. A server that is gone is noticed after 20 seconds, by the keep-alive.
const ANSWER_TIMEOUT_MS = 60 * 60_000;

export interface MigratorOptions {
  /** How long to wait for the migration lock, and for each lock on a table. */
  waitSeconds: number;
  /** Whether to go on although processes of another version are connected. */
  force: boolean;
}

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
 * Applies and reverts migrations. Each operation is one transaction, which also holds the migration lock: the lock works
 * behind a pooler that shares connections between transactions, and a failure leaves no half-migrated database.
 */
class Migrator {
  constructor(
    private readonly dataSource: DataSource,
    private readonly options: MigratorOptions,
  ) {}

  /** Applies every pending migration. @returns their names */
  apply(): Promise<string[]> {
    return this.inLock('commit', async (runner) => {
      const list = await MigrationList.open(runner);
      const { pending } = list;
      if (pending.length > 0) await this.assertNoOtherVersion(runner, [...list.applied, ...pending]);
      for (const migration of pending) {
        await new migration().up(runner);
        await list.add(migration);
      }
      return pending.map(({ name }) => name);
    });
  }

  /**
   * Says what {@link revert} would do to the newest migration, by doing it and rolling it back.
   *
   * @returns null if there is no migration
   */
  previewRevert(): Promise<Reversion | null> {
    return this.inLock('rollback', (runner) => this.revertNewest(runner));
  }

  /** Reverts the migration `name`, which must be the newest: another process can have reverted it since the preview. */
  revert(name: string): Promise<Reversion> {
    return this.inLock('commit', async (runner) => {
      const reverted = await this.revertNewest(runner);
      if (reverted?.name !== name) throw notNewest(name);
      return reverted;
    });
  }

  private async revertNewest(runner: QueryRunner): Promise<Reversion | null> {
    const list = await MigrationList.open(runner);
    const last = list.applied.at(-1);
    if (!last) return null;
    await this.assertNoOtherVersion(runner, list.applied.slice(0, -1));
    const before = await readColumns(runner);
    await new last().down(runner);
    await list.remove(last);
    return { name: last.name, removed: removedBetween(before, await readColumns(runner)) };
  }

  /** @param migrations what the database will have */
  private async assertNoOtherVersion(runner: QueryRunner, migrations: Migration[]): Promise<void> {
    if (this.options.force) return;
    const sessions = await sessionsOfOtherVersions(runner, schemaNumberOf(migrations));
    if (sessions.length > 0) throw otherVersionsConnected(sessions);
  }

  private async inLock<T>(end: 'commit' | 'rollback', work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    try {
      await runner.startTransaction('READ COMMITTED');
      await this.pinSettings(runner);
      await assertSupportedServer(runner);
      await this.takeLock(runner);
      const result = await work(runner);
      await (end === 'commit' ? runner.commitTransaction() : runner.rollbackTransaction());
      return result;
    } catch (error) {
      // The server has already rolled back if the connection is lost. Then only the first error says why.
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw hasSqlState(error, LOCK_NOT_AVAILABLE) ? tableLocked(this.options.waitSeconds) : error;
    } finally {
      await runner.release();
    }
  }

  private async takeLock(runner: QueryRunner): Promise<void> {
    try {
      await runner.query(`SELECT pg_advisory_xact_lock($1)`, [MIGRATION_LOCK]);
    } catch (error) {
      if (!hasSqlState(error, LOCK_NOT_AVAILABLE)) throw error;
      await runner.rollbackTransaction();
      throw lockNotGranted(this.options.waitSeconds, await holderOf(runner, MIGRATION_LOCK));
    }
  }

  /** Pins what a migration relies on, because a database or a role can have other defaults. */
  private async pinSettings(runner: QueryRunner): Promise<void> {
    await runner.query(`SET TRANSACTION READ WRITE`);
    const settings = {
      lock_timeout: `${this.options.waitSeconds}s`,
      statement_timeout: '0',
      idle_in_transaction_session_timeout: '0',
      // Since Postgres 17.
      transaction_timeout: '0',
      search_path: 'pg_catalog',
      TimeZone: 'UTC',
      DateStyle: 'ISO, YMD',
    };
    await runner.query(
      `SELECT set_config(name, value, true) FROM unnest($1::text[], $2::text[]) AS pinned(name, value)
       WHERE name IN (SELECT s.name FROM pg_catalog.pg_settings s)`,
      [Object.keys(settings), Object.values(settings)],
    );
  }
}
