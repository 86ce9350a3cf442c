import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { runPrepared } from '../database';
import type { Scope } from './scopes';

const FIND_TIMEOUT_MS = 5_000;

export interface FoundKey {
  id: string;
  scopes: Scope[];
  last_used_at: Date | null;
}

/** The look-up that every call of the API makes. */
@Injectable()
export class ApiKeyRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async findLivingByHash(keyHash: Buffer): Promise<FoundKey | null> {
    const { rows } = await runPrepared<FoundKey>(this.dataSource, FIND_LIVING, [keyHash], FIND_TIMEOUT_MS);
    return rows[0] ?? null;
  }
}

const FIND_LIVING = {
  name: 'terra_connect_find_api_key',
  text: `SELECT id, scopes, last_used_at FROM terra_connect.api_keys WHERE key_hash = $1 AND revoked_at IS NULL`,
};
