import { Injectable } from '@nestjs/common';
import { RecentMap } from '../common';
import { ApiKeyOptions } from '../config';
import type { FoundKey } from './api-key.repository';

// A generation of the map; two are kept, about half a megabyte.
const REMEMBERED_KEYS = 1_000;

interface Entry {
  found: FoundKey;
  /** When the read of the key began, in milliseconds of a clock that nobody sets. */
  readAt: number;
}

/**
 * Remembers active API keys for `API_KEY_CACHE_SECONDS`, so that a request costs no statement for its key. The age counts
 * from the start of the read: a key that is revoked afterwards, by any process, stops working within this time.
 *
 * It holds hashes, never keys. It does not remember unknown keys: a new key works at once, and RefusedKeyLimit bounds what
 * guesses cost.
 */
@Injectable()
export class ApiKeyCache {
  private entries = new RecentMap<Entry>(REMEMBERED_KEYS);
  private readonly maxAgeMs: number;

  constructor({ cacheSeconds }: ApiKeyOptions) {
    this.maxAgeMs = cacheSeconds * 1_000;
  }

  /** Returns the key with this hash from the cache, or from `read`; null: it is not active. */
  async find(keyHash: Buffer, read: () => Promise<FoundKey | null>): Promise<FoundKey | null> {
    const name = keyHash.toString('latin1');
    const readAt = performance.now();
    const entry = this.entries.get(name);
    if (entry && readAt - entry.readAt < this.maxAgeMs) return entry.found;
    const { entries } = this;
    const found = await read();
    // After a revocation during the read, `entries` is no longer in use: the read may have been too early to see it.
    if (found) entries.set(name, { found, readAt });
    else entries.delete(name);
    return found;
  }

  /** Forgets every key, so that a revocation by this process has effect at once. */
  clear(): void {
    this.entries = new RecentMap(REMEMBERED_KEYS);
  }
}
