import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Repository } from 'typeorm';
import { v7 as uuidv7, validate as isUuid } from 'uuid';
import { Clock, randomToken, sha256 } from '../common';
import { ApiKey } from './api-key.entity';
import { ApiKeyRepository } from './api-key.repository';
import { ApiKeyInvalidError, ApiKeyNotFoundError } from './api-keys.errors';
import type { Scope } from './scopes';

const KEY_PREFIX = 'tc_';
// Enough to tell keys apart in a list; of a short bootstrap key less, so that the rest stays too long to guess.
const MAX_HINT_LENGTH = 9;
const LAST_USED_GRANULARITY_MS = 60_000;

/** Who calls: the key's id stands for the internal service that owns it. */
export interface Caller {
  apiKeyId: string;
  scopes: Scope[];
}

@Injectable()
export class ApiKeysService {
  constructor(
    @InjectRepository(ApiKey) private readonly keys: Repository<ApiKey>,
    private readonly lookUp: ApiKeyRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * Finds who a key belongs to. Read afresh on every call, so that a revoked key stops at once.
   *
   * @throws ApiKeyInvalidError
   */
  async authenticate(key: string): Promise<Caller> {
    const found = await this.lookUp.findLivingByHash(sha256(key));
    if (!found) throw new ApiKeyInvalidError();
    const now = this.clock.now();
    if (!found.last_used_at || now.getTime() - found.last_used_at.getTime() > LAST_USED_GRANULARITY_MS) {
      await this.keys.update({ id: found.id }, { lastUsedAt: now });
    }
    return { apiKeyId: found.id, scopes: found.scopes };
  }

  /** Makes a key. The returned text is the only time that the key itself is seen. */
  async create(name: string, scopes: Scope[]): Promise<{ id: string; key: string }> {
    const key = `${KEY_PREFIX}${randomToken()}`;
    const apiKey = this.newKey(key, name, scopes);
    await this.keys.insert(apiKey);
    return { id: apiKey.id, key };
  }

  /** Makes sure that a given admin key is known. One that somebody revoked stays revoked: the person's word counts. */
  async ensure(key: string, name: string): Promise<ApiKey> {
    const apiKey = this.newKey(key, name, ['admin']);
    await this.keys.createQueryBuilder().insert().values(apiKey).orIgnore().execute();
    return this.keys.findOneByOrFail({ keyHash: apiKey.keyHash });
  }

  list(): Promise<ApiKey[]> {
    return this.keys.find({ order: { id: 'ASC' } });
  }

  /** @throws ApiKeyNotFoundError when there is no such key, or it has been revoked before */
  async revoke(id: string): Promise<void> {
    if (!isUuid(id)) throw new ApiKeyNotFoundError(id);
    const { affected } = await this.keys.update({ id, revokedAt: IsNull() }, { revokedAt: this.clock.now() });
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
