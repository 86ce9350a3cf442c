import { sha256 } from '../common';
import { ApiKeyCache } from './api-key.cache';
import type { FoundKey } from './api-key.repository';

const KEY: FoundKey = { id: 'a-key', scopes: ['connections:read'], lastUsedAt: null };
const DIGEST = sha256('tc_a_key');

describe('T-22: the cache of API keys', () => {
  let nowMs = 0;
  beforeEach(() => {
    nowMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  });
  afterEach(() => jest.restoreAllMocks());

  const reader = (answer: FoundKey | null) => jest.fn(() => Promise.resolve(answer));

  it('reads an active key once within its seconds, and again afterwards', async () => {
    const cache = new ApiKeyCache({ cacheSeconds: 5 });
    const read = reader(KEY);
    for (const at of [0, 1, 4_999]) {
      nowMs = at;
      expect(await cache.find(DIGEST, read)).toBe(KEY);
    }
    expect(read).toHaveBeenCalledTimes(1);
    nowMs = 5_000;
    await cache.find(DIGEST, read);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('counts the age from the start of the read, so that a slow read does not extend the life of a revoked key', async () => {
    const cache = new ApiKeyCache({ cacheSeconds: 5 });
    await cache.find(DIGEST, () => {
      nowMs = 4_000;
      return Promise.resolve(KEY);
    });
    nowMs = 5_000;
    expect(await cache.find(DIGEST, reader(null))).toBeNull();
  });

  it('reads every key at each request with 0 seconds', async () => {
    const cache = new ApiKeyCache({ cacheSeconds: 0 });
    const read = reader(KEY);
    await cache.find(DIGEST, read);
    await cache.find(DIGEST, read);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('does not remember an unknown key, so that a key works as soon as it is created', async () => {
    const cache = new ApiKeyCache({ cacheSeconds: 5 });
    expect(await cache.find(DIGEST, reader(null))).toBeNull();
    expect(await cache.find(DIGEST, reader(KEY))).toBe(KEY);
  });

  it('forgets a key that is revoked while it is read', async () => {
    const cache = new ApiKeyCache({ cacheSeconds: 5 });
    await cache.find(DIGEST, () => {
      cache.clear();
      return Promise.resolve(KEY);
    });
    expect(await cache.find(DIGEST, reader(null))).toBeNull();
  });

  it('has a bounded size, and holds no key', async () => {
    const cache = new ApiKeyCache({ cacheSeconds: 5 });
    for (let n = 0; n < 5_000; n += 1) await cache.find(sha256(`tc_secret_${n}`), reader(KEY));
    const { entries } = cache as unknown as { entries: { size: number; current: Map<string, unknown> } };
    expect(entries.size).toBeLessThanOrEqual(2_000);
    expect([...entries.current.keys()].join()).not.toContain('tc_secret');
  });
});
