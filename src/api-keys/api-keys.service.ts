import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, IsNull } from 'typeorm';
import { v7 as uuidv7, validate as isUuid } from 'uuid';
import { Clock, randomToken, sha256 } from '../common';
import { insertIfAbsent } from '../database';
import { ApiKey } from './api-key.entity';
import { ApiKeyRepository } from './api-key.repository';
import { ApiKeyInvalidError, ApiKeyNotFoundError } from './api-keys.errors';
import type { Scope } from './scopes';

const KEY_PREFIX = 'tc_';
// Enough to tell keys apart in a list. A short bootstrap key shows less, so that the rest stays too long to guess.
const MAX_HINT_LENGTH = 9;
const LAST_USED_GRANULARITY_MS = 60_000;

/** The caller of a request: the key's id stands for the internal service that owns it. */
export interface Caller {
  apiKeyId: string;
  scopes: Scope[];
}

/** The API keys of callers. */
@Injectable()
export class ApiKeysService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly repository: ApiKeyRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * Finds the caller of a key. It reads the database on every call, so that a revoked key stops at once.
   *
   * @throws ApiKeyInvalidError
   */
  async authenticate(key: string): Promise<Caller> {
    const found = await this.repository.findActiveByHash(sha256(key));
    if (!found) throw new ApiKeyInvalidError();
    const now = this.clock.now();
    if (!found.lastUsedAt || now.getTime() - found.lastUsedAt.getTime() > LAST_USED_GRANULARITY_MS) {
      await this.dataSource.manager.update(ApiKey, { id: found.id }, { lastUsedAt: now });
    }
    return { apiKeyId: found.id, scopes: found.scopes };
  }

  /** Creates a key. The key itself is only in this result; the database has its hash. */
  async create(name: string, scopes: Scope[]): Promise<{ id: string; key: string }> {
    const key = `${KEY_PREFIX}${randomToken()}`;
    const apiKey = this.newKey(key, name, scopes);
    await this.dataSource.manager.insert(ApiKey, apiKey);
    return { id: apiKey.id, key };
  }

  /** Makes sure that an admin key exists. A revoked key stays revoked: the operator's decision counts. */
  async ensure(key: string, name: string): Promise<ApiKey> {
    const apiKey = this.newKey(key, name, ['admin']);
    await insertIfAbsent(this.dataSource, ApiKey, apiKey);
    return this.dataSource.manager.findOneByOrFail(ApiKey, { keyHash: apiKey.keyHash });
  }

  list(): Promise<ApiKey[]> {
    return this.dataSource.manager.find(ApiKey, { order: { id: 'ASC' } });
  }

  /** @throws ApiKeyNotFoundError for an unknown key and for a revoked one */
  async revoke(id: string): Promise<void> {
    if (!isUuid(id)) throw new ApiKeyNotFoundError(id);
    const active = { id, revokedAt: IsNull() };
    const change = { revokedAt: this.clock.now() };
    const { affected } = await this.dataSource.manager.update(ApiKey, active, change);
    if (affected === 0) throw new ApiKeyNotFoundError(id);
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
