import { createHash } from 'node:crypto';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { EmbeddedPostgres } from '../local/embedded-postgres';
import { REFERENCE_PREFIX, type Credentials } from './credentials';

const PROVIDERS = ['GARMIN', 'OURA'];

/** A database of the bench, with the statements that the bench itself runs. */
export class BenchDatabase {
  constructor(
    private readonly postgres: EmbeddedPostgres,
    readonly name: string,
  ) {}

  get url(): string {
    return this.postgres.url(this.name);
  }

  async query<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new Client({ connectionString: this.url });
    await client.connect();
    try {
      return (await client.query(text, values)).rows as Row[];
    } finally {
      await client.end();
    }
  }

  async count(table: string, where = 'true'): Promise<number> {
    const [row] = await this.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM terra_connect.${table} WHERE ${where}`,
    );
    return row?.count ?? NaN;
  }

  async truncate(table: string): Promise<void> {
    await this.query(`TRUNCATE terra_connect.${table} CASCADE`);
  }

  /** Throws unless the table has exactly one row per successful request. */
  async expectRows(table: string, expected: number, where = 'true'): Promise<void> {
    const rows = await this.count(table, where);
    if (rows === expected) return;
    throw new Error(`${this.name}: ${expected} requests succeeded, but they left ${rows} rows in ${table}.`);
  }
}

/** Inserts an API key and end users with a connection to each of {@link PROVIDERS}. */
export async function seed(database: BenchDatabase, credentials: Credentials): Promise<void> {
  await database.query(
    `INSERT INTO terra_connect.api_keys (id, name, key_hash, hint, scopes) VALUES ($1, 'bench', $2, 'tc_', '{admin}')`,
    [uuidv7(), createHash('sha256').update(credentials.apiKey).digest()],
  );
  // These ids resemble the service's UUIDs (version 7): first the time, then random digits. So the index has the same shape.
  await database.query(
    `INSERT INTO terra_connect.connections
        (id, reference_id, provider, terra_user_id, origin_terra_user_id, status, status_at, scopes, connected_at)
      SELECT (lpad(to_hex(1700000000000 + n * 10 + p), 12, '0') || '7' || substr(md5(random()::text), 1, 3)
            || '8' || substr(md5(random()::text), 1, 15))::uuid,
          $1 || n, provider, md5(provider || n), md5(provider || n), 'active', now(),
          '{activity,body,daily,sleep}', now()
        FROM generate_series(1, $2::int) AS n, unnest($3::text[]) WITH ORDINALITY AS list (provider, p)`,
    [REFERENCE_PREFIX, credentials.endUsers, PROVIDERS],
  );
  await database.query('VACUUM ANALYZE');
}

export function endUsersFor(connections: number): number {
  return Math.max(1, Math.floor(connections / PROVIDERS.length));
}
