import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { isStatementLost, isTransient, reportProgress } from '../common';
import { destroySocket } from './service-client';

const ATTEMPTS = 4;
const MAX_PAUSE_MS = 25;
// Each statement has its own deadline, but their number has no bound.
const DEADLINE_MS = 60_000;

/** A transaction took too long, so its connection was closed and Postgres rolls it back. */
class TransactionTimeoutError extends Error {
  // The SQLSTATE with which Postgres 17 reports its own timeout of a transaction.
  readonly code = '25P04';

  constructor(deadlineMs: number) {
    super(`A transaction took longer than ${deadlineMs / 1_000} s, so the service has ended it.`);
    this.name = 'TransactionTimeoutError';
  }
}

/** The query runner of a transaction → the callbacks to run after its commit. */
const callbacksOf = new WeakMap<QueryRunner, (() => void)[]>();

/**
 * Runs `work` in a transaction of at most a minute, and repeats it after a deadlock or a serialization failure. Postgres has then rolled
 * back everything, so a repetition is safe if `work` changes only the database. Use {@link afterCommit} for all other
 * effects.
 */
export async function inTransaction<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const callbacks: (() => void)[] = [];
    try {
      const result = await dataSource.transaction((manager) => {
        callbacksOf.set(runnerOf(manager), callbacks);
        return withDeadline(runnerOf(manager), deadlineMs, () => work(manager));
      });
      for (const callback of callbacks) callback();
      reportProgress();
      return result;
    } catch (error) {
      const repeatable = isTransient(error) || isStatementLost(error);
      if (!repeatable || attempt === ATTEMPTS) throw error;
      // Without a random pause the same transactions would collide again.
      await sleep(Math.random() * MAX_PAUSE_MS * attempt);
    }
  }
}

/**
 * Runs `callback` after the commit. Use it for log lines, counters and notifications, because Postgres may still roll
 * back the work before the commit. The callback must not throw and must not use the database.
 */
export function afterCommit(manager: EntityManager, callback: () => void): void {
  const callbacks = callbacksOf.get(runnerOf(manager));
  if (!callbacks) throw new Error('afterCommit needs the manager that inTransaction gives to its work.');
  callbacks.push(callback);
}

async function withDeadline<T>(runner: QueryRunner, deadlineMs: number, work: () => Promise<T>): Promise<T> {
  const client: unknown = await runner.connect();
  let hasExpired = false;
  const deadline = setTimeout(() => {
    hasExpired = true;
    destroySocket(client);
  }, deadlineMs).unref();
  try {
    return await work();
  } catch (error) {
    throw hasExpired ? new TransactionTimeoutError(deadlineMs) : error;
  } finally {
    clearTimeout(deadline);
  }
}

function runnerOf({ queryRunner }: EntityManager): QueryRunner {
  if (!queryRunner) throw new Error('This manager has no transaction.');
  return queryRunner;
}
