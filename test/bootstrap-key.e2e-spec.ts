import { createApp } from '../src/app.setup';
import { ApiKeysService } from '../src/api-keys';
import { readEnvironment } from '../src/config';
import { JsonLogger } from '../src/observability';
import { createTestDatabase, type TestDatabase } from './support/database';
import { TEST_CREDENTIALS } from './support/sandbox';

const KEY = 'a_bootstrap_key_of_some_length';

describe('BOOTSTRAP_API_KEY', () => {
  let database: TestDatabase;
  beforeEach(async () => (database = await createTestDatabase()));
  afterEach(() => database.drop());

  /** Starts the service, runs `work`, and stops the service. */
  const whileRunning = async <T>(
    bootstrapKey: string,
    work: (call: (key: string) => Promise<number>, apiKeys: ApiKeysService) => Promise<T>,
  ): Promise<T> => {
    const app = await createApp(
      readEnvironment({
        PUBLIC_URL: 'http://localhost:3000',
        DATABASE_URL: database.url,
        TERRA_DEV_ID: TEST_CREDENTIALS.devId,
        TERRA_API_KEY: TEST_CREDENTIALS.apiKey,
        TERRA_SIGNING_SECRETS: TEST_CREDENTIALS.signingSecret,
        TERRA_API_URL: 'http://127.0.0.1:9',
        TERRA_WIDGET_URL: 'http://127.0.0.1:9',
        BOOTSTRAP_API_KEY: bootstrapKey,
        WORKERS_ENABLED: 'false',
      }),
      new JsonLogger('silent'),
    );
    try {
      await app.init();
      const call = async (key: string): Promise<number> => {
        const headers = { authorization: `Bearer ${key}` };
        return (await app.inject({ url: '/v1/connections', headers })).statusCode;
      };
      return await work(call, app.get(ApiKeysService, { strict: false }));
    } finally {
      await app.close();
    }
  };

  it('creates one admin key, and no second one at the next start', async () => {
    for (let start = 0; start < 2; start += 1) {
      await whileRunning(KEY, async (call, apiKeys) => {
        expect(await call(KEY)).toBe(200);
        expect(await apiKeys.list()).toMatchObject([{ name: 'bootstrap', scopes: ['admin'] }]);
      });
    }
  });

  it('does not restore a revoked key, however often the service starts', async () => {
    await whileRunning(KEY, async (call, apiKeys) => {
      const [key] = await apiKeys.list();
      await apiKeys.revoke(key?.id ?? '');
      expect(await call(KEY)).toBe(401);
    });
    await whileRunning(KEY, async (call, apiKeys) => {
      expect(await call(KEY)).toBe(401);
      expect(await apiKeys.list()).toHaveLength(1);
    });
  });

  it('adds a second key when its value changes, and the first key keeps working', async () => {
    await whileRunning(KEY, () => Promise.resolve());
    await whileRunning(`${KEY}_2`, async (call) => {
      expect([await call(KEY), await call(`${KEY}_2`)]).toEqual([200, 200]);
    });
  });
});
