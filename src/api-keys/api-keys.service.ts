import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull } from 'typeorm';
import { v7 as uuidv7, validate as isUuid } from 'uuid';
import { Clock, isDatabaseUnavailable, randomToken, sha256 } from '../common';
import { insertIfAbsent } from '../database';
import { ApiKeyCache } from './api-key.cache';
import { ApiKey } from './api-key.entity';
import { ApiKeyRepository } from './api-key.repository';
import { ApiKeyInvalidError, ApiKeyNotFoundError } from './api-keys.errors';
import type { Scope } from './scopes';

const KEY_PREFIX = 'tc_';
// Enough to recognise a key in a list. The hint of a short bootstrap key is shorter, so that the rest is hard to guess.
const MAX_HINT_LENGTH = 9;
const LAST_USED_GRANULARITY_MS = 60_000;

/** The caller of a request, identified by the id of its API key. */
export interface Caller {
  apiKeyId: string;
  scopes: Scope[];
}

/** Authenticates callers, and creates, lists and revokes their API keys. */
@Injectable()
export class ApiKeysService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly repository: ApiKeyRepository,
    private readonly cache: ApiKeyCache,
    private readonly clock: Clock,
  ) {}

  /**
   * Finds the caller of the key with this hash. A key that this process revokes stops working at once; one that another process revokes, within
   * `API_KEY_CACHE_SECONDS`.
   *
   * @throws ApiKeyInvalidError
   */
  async authenticate(keyHash: Buffer): Promise<Caller> {
    const found = await this.cache.find(keyHash, () => this.repository.findActiveByHash(keyHash));
    if (!found) throw new ApiKeyInvalidError();
    const now = this.clock.now();
    if (!found.lastUsedAt || now.getTime() - found.lastUsedAt.getTime() > LAST_USED_GRANULARITY_MS) {
      // Before the write, so that simultaneous requests with the cached key write once.
      found.lastUsedAt = now;
      await this.recordUse(found.id, now);
    }
    return { apiKeyId: found.id, scopes: found.scopes };
  }

  /** Creates a key. Only this result contains the key itself; the database has its hash. */
  async create(name: string, scopes: Scope[]): Promise<{ id: string; key: string }> {
    const key = `${KEY_PREFIX}${randomToken()}`;
    const apiKey = this.newKey(key, name, scopes);
    await this.dataSource.manager.insert(ApiKey, apiKey);
    return { id: apiKey.id, key };
  }

  /** Creates this admin key unless it exists. A revoked key stays revoked, because an operator decided so. */
  async ensure(key: string, name: string): Promise<ApiKey> {
    const apiKey = this.newKey(key, name, ['admin']);
    await insertIfAbsent(this.dataSource, ApiKey, apiKey);
    return this.dataSource.manager.findOneByOrFail(ApiKey, { keyHash: apiKey.keyHash });
  }

  list(): Promise<ApiKey[]> {
    return this.dataSource.manager.find(ApiKey, { order: { id: 'ASC' } });
  }

  /** @throws ApiKeyNotFoundError for an unknown key and for a revoked key */
  async revoke(id: string): Promise<void> {
    if (!isUuid(id)) throw new ApiKeyNotFoundError(id);
    const active = { id, revokedAt: IsNull() };
    const change = { revokedAt: this.clock.now() };
    const { affected } = await this.dataSource.manager.update(ApiKey, active, change);
    this.cache.clear();
    if (affected === 0) throw new ApiKeyNotFoundError(id);
  }

  // The time only helps operators, so a read-only Postgres must not fail a request that reads.
  private async recordUse(id: string, now: Date): Promise<void> {
    try {
      await this.dataSource.manager.update(ApiKey, { id }, { lastUsedAt: now });
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error;
    }
  }

  private newKey(key: string, name: string, scopes: Scope[]): ApiKey {
    return {
      id: uuidv7(),
      name,
      keyHash: sha256(key),
      hint: `${key.slice(0, Math.min(MAX_HINT_LENGTH, Math.floor(key.length / 4)))}…`,
      scopes,
      createdAt: this.clock.now(),
      lastUsedAt: null,
      revokedAt: null,
    };
  }
}
