import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { runSql } from '../database';
import type { Scope } from './scopes';

const FIND_TIMEOUT_MS = 5_000;

export interface FoundKey {
  id: string;
  scopes: Scope[];
  lastUsedAt: Date | null;
}

/** Finds an API key with plain SQL, because every API request does so. */
@Injectable()
export class ApiKeyRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async findActiveByHash(keyHash: Buffer): Promise<FoundKey | null> {
    const { rows } = await runSql<FoundKey>(
      this.dataSource,
      `SELECT id, scopes, last_used_at AS "lastUsedAt" FROM terra_connect.api_keys
        WHERE key_hash = $1 AND revoked_at IS NULL`,
      [keyHash],
      { timeoutMs: FIND_TIMEOUT_MS },
    );
    return rows[0] ?? null;
  }
}
