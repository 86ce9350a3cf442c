import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { isTransient } from '../common';

const ATTEMPTS = 4;
const MAX_PAUSE_MS = 25;

/** By transaction: what is to be done once it has been committed. */
const afterwards = new WeakMap<QueryRunner, (() => void)[]>();

/**
 * Runs work in a transaction, again when Postgres chose it as a deadlock's victim: the work was rolled back whole, so
 * running it once more is safe as long as it touches nothing but the database. For anything else there is
 * {@link afterCommit}.
 */
export async function inTransaction<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const callbacks: (() => void)[] = [];
    try {
      const result = await dataSource.transaction((manager) => {
        afterwards.set(runnerOf(manager), callbacks);
        return work(manager);
      });
      for (const callback of callbacks) callback();
      return result;
    } catch (error) {
      if (!isTransient(error) || attempt === ATTEMPTS) throw error;
      // Two that met once would meet again.
      await sleep(Math.random() * MAX_PAUSE_MS * attempt);
    }
  }
}

/**
 * Logs, counters and wake-up calls of work that may yet be rolled back, or run once more. The callback must not throw, and
 * touches no database.
 */
export function afterCommit(manager: EntityManager, callback: () => void): void {
  const callbacks = afterwards.get(runnerOf(manager));
  if (!callbacks) throw new Error('afterCommit needs the manager of an inTransaction.');
  callbacks.push(callback);
}

function runnerOf({ queryRunner }: EntityManager): QueryRunner {
  if (!queryRunner) throw new Error('This manager is in no transaction.');
  return queryRunner;
}
