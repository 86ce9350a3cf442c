import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from './support/database';
import { migrateDatabase, undoMigrationsAfter } from './support/migrations';

describe('A migration of a database that is in use', () => {
  let database: TestDatabase;
  beforeEach(async () => (database = await createTestDatabase()));
  afterEach(() => database.drop());

  it('R15: lets a statement wait for at most a second while it waits for a table itself', async () => {
    await undoMigrationsAfter(database.url, 'AddSweepAdoption1795700500020');
    const reader = new Client({ connectionString: database.url });
    await reader.connect();
    await reader.query('BEGIN; LOCK TABLE terra_connect.webhook_events IN ACCESS SHARE MODE');
    let isMigrating = true;
    const migration = migrateDatabase(database.url).finally(() => (isMigrating = false));
    let longest = 0;
    for (let statement = 0; statement < 20; statement += 1) {
      const startedAt = performance.now();
      await database.query('SELECT 1 FROM terra_connect.webhook_events LIMIT 1');
      longest = Math.max(longest, performance.now() - startedAt);
      await sleep(100);
    }
    expect(longest).toBeGreaterThan(100);
    expect(longest).toBeLessThan(1_000);
    expect(isMigrating).toBe(true);
    await reader.end();
    expect(await migration).toContain('AddWebhookLanes1795700600000');
  });
});
