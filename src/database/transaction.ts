import type { DataSource, EntityManager } from 'typeorm';
import { isTransient } from './sql-states';

const ATTEMPTS = 4;

/**
 * Runs work in a transaction, again when Postgres chose it as a deadlock's victim: the work was rolled back whole, so
 * running it once more is safe as long as it touches nothing but the database.
 */
export async function inTransaction<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await dataSource.transaction(work);
    } catch (error) {
      if (!isTransient(error) || attempt === ATTEMPTS) throw error;
    }
  }
}
