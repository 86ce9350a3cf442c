import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import { hasSqlState } from '../../common';
import { lockNotGranted, tableLocked } from './migration.errors';
import { assertSupportedServer } from './server-version';
import { holderOf } from './sessions';

// An arbitrary number, equal in every process that migrates.
const MIGRATION_LOCK = 7_283_114;
/** The lock timeout of Postgres has passed. */
export const LOCK_NOT_AVAILABLE = '55P03';
// R15: nothing waits longer than a second behind a migration that waits for a table.
const TABLE_WAIT_MS = 500;
const TABLE_RETRY_MS = 500;
const LOCK_RETRY_MS = 100;

export interface MigratorOptions {
  /** How long to wait for the migration lock, and for each lock on a table. */
  waitSeconds: number;
  /** Whether to go on although processes of another version are connected. */
  force: boolean;
}

/** The transactions of a migrator, which hold the migration lock. */
export class MigrationTransactions {
  constructor(
    private readonly dataSource: DataSource,
    private readonly options: Pick<MigratorOptions, 'waitSeconds'>,
  ) {}

  /**
   * A transaction that waits for the lock of a table makes everyone else wait behind it. So it gives up soon, and tries again
   * until `waitSeconds` have passed.
   */
  async inLock<T>(end: 'commit' | 'rollback', work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const deadline = performance.now() + this.options.waitSeconds * 1_000;
    for (;;) {
      try {
        return await this.inTransaction(end, work);
      } catch (error) {
        if (!hasSqlState(error, LOCK_NOT_AVAILABLE)) throw error;
        if (performance.now() > deadline) throw tableLocked(this.options.waitSeconds);
        await sleep(TABLE_RETRY_MS);
      }
    }
  }

  private async inTransaction<T>(
    end: 'commit' | 'rollback',
    work: (runner: QueryRunner) => Promise<T>,
  ): Promise<T> {
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
      throw error;
    } finally {
      await runner.release();
    }
  }

  /**
   * Asks again and again instead of waiting: a statement that waits holds a snapshot, and the index that the holder of the
   * lock creates outside of its transaction would wait for that.
   */
  private async takeLock(runner: QueryRunner): Promise<void> {
    const { waitSeconds } = this.options;
    const deadline = performance.now() + waitSeconds * 1_000;
    for (;;) {
      const rows: unknown = await runner.query(
        `SELECT pg_catalog.pg_try_advisory_xact_lock(${MIGRATION_LOCK}) AS locked`,
      );
      if ((rows as { locked: boolean }[])[0]?.locked) return;
      if (performance.now() > deadline) break;
      await sleep(LOCK_RETRY_MS);
    }
    await runner.rollbackTransaction();
    throw lockNotGranted(waitSeconds, await holderOf(runner, MIGRATION_LOCK));
  }

  /** Pins what a migration relies on, because a database or a role can have other defaults. */
  private async pinSettings(runner: QueryRunner): Promise<void> {
    await runner.query(`SET TRANSACTION READ WRITE`);
    const settings = {
      lock_timeout: `${TABLE_WAIT_MS}ms`,
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
