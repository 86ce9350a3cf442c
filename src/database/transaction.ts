import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { isTransient } from '../common';

const ATTEMPTS = 4;
const MAX_PAUSE_MS = 25;

/** The query runner of a transaction → the callbacks to run after its commit. */
const callbacksOf = new WeakMap<QueryRunner, (() => void)[]>();

/**
 * Runs `work` in a transaction, and repeats it after a deadlock or a serialization failure. Postgres has then rolled
 * back everything, so a repetition is safe if `work` changes only the database. Use {@link afterCommit} for all other
 * effects.
 */
export async function inTransaction<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const callbacks: (() => void)[] = [];
    try {
      const result = await dataSource.transaction((manager) => {
        callbacksOf.set(runnerOf(manager), callbacks);
        return work(manager);
      });
      for (const callback of callbacks) callback();
      return result;
    } catch (error) {
      if (!isTransient(error) || attempt === ATTEMPTS) throw error;
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

function runnerOf({ queryRunner }: EntityManager): QueryRunner {
  if (!queryRunner) throw new Error('This manager has no transaction.');
  return queryRunner;
}
