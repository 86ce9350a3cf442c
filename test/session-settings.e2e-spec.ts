import { DataSource } from 'typeorm';
import { startTestApp, type TestApp } from './support/app';
import { createTestDatabase, type TestDatabase } from './support/database';
import { connectSeveral, imposeSettings } from './support/imposed-settings';

describe('Session settings that the database imposes', () => {
  let database: TestDatabase;
  let service: TestApp;
  beforeAll(async () => {
    database = await createTestDatabase();
    await imposeSettings(database);
    service = await startTestApp({ DATABASE_URL: database.url });
  });
  afterAll(async () => {
    await service.close();
    await database.drop();
  });

  it('have no effect on the service', async () => {
    expect(await connectSeveral(service, 4)).toBe(3);
    expect(await service.api('GET', '/health/ready')).toMatchObject({ status: 200 });
  });

  it('do not weaken the promise that a 2xx is on disk (R1)', async () => {
    const dataSource = service.app.get(DataSource);
    expect(await dataSource.query('SHOW synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
    expect(await dataSource.query('SHOW statement_timeout')).toEqual([{ statement_timeout: '10s' }]);
  });
});
