import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { EmbeddedPostgres } from '../local/embedded-postgres';
import { endUsersFor, PROVIDERS, REFERENCE_PREFIX, type Credentials } from './credentials';
import type { ExpectedEvents } from './takers/arrivals';

const CONNECT_TIMEOUT_MS = 10_000;
// The seed of ten million connections is the longest statement.
const QUERY_TIMEOUT_MS = 30 * 60_000;
const POLL_MS = 20;

/** A database of the bench, with the statements that the bench itself runs. */
export class BenchDatabase {
  constructor(
    private readonly postgres: EmbeddedPostgres,
    readonly name: string,
    /** The table of the deliveries: the service and the peers have different ones. */
    readonly events: string,
  ) {}

  get url(): string {
    return this.postgres.url(this.name);
  }

  async query<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new Client({
      connectionString: this.url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: QUERY_TIMEOUT_MS,
    });
    await client.connect();
    try {
      return (await client.query(text, values)).rows as Row[];
    } finally {
      await client.end();
    }
  }

  async countEvents(): Promise<number> {
    const [row] = await this.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${this.events}`);
    return row?.count ?? NaN;
  }

  /** Waits until no delivery is pending. @throws Error after `deadlineMs` */
  async drained(deadlineMs: number): Promise<void> {
    const end = Date.now() + deadlineMs;
    const pending = `SELECT EXISTS (SELECT FROM ${this.events} WHERE status = 'pending') AS "isPending"`;
    const client = new Client({ connectionString: this.url, query_timeout: CONNECT_TIMEOUT_MS });
    await client.connect();
    try {
      for (;;) {
        const { rows } = await client.query<{ isPending: boolean }>(pending);
        if (rows[0]?.isPending !== true) return;
        if (Date.now() > end) throw new Error(`${this.name}: deliveries are pending after ${deadlineMs} ms.`);
        await sleep(POLL_MS);
      }
    } finally {
      await client.end();
    }
  }
}

/** The position of the newest event of the service that has one. */
export async function lastPositionOf(database: BenchDatabase): Promise<number> {
  const [row] = await database.query<{ position: number }>(
    'SELECT last_position::int AS position FROM terra_connect.event_log',
  );
  return row?.position ?? NaN;
}

/** Waits until each delivery is applied, and each event has a position. @returns the events after `position` */
export async function settledEvents(
  database: BenchDatabase,
  position: number,
  deadlineMs: number,
): Promise<ExpectedEvents> {
  await database.drained(deadlineMs);
  for (const end = Date.now() + deadlineMs; ;) {
    const [waiting] = await database.query(
      'SELECT FROM terra_connect.outgoing_events WHERE position IS NULL LIMIT 1',
    );
    if (!waiting) break;
    if (Date.now() > end)
      throw new Error(`${database.name}: events have no position after ${deadlineMs} ms.`);
    await sleep(POLL_MS);
  }
  const [events] = await database.query<ExpectedEvents>(
    `SELECT count(*)::int AS count, md5(coalesce(string_agg(id::text, ',' ORDER BY id), '')) AS digest
      FROM terra_connect.outgoing_events WHERE position > $1`,
    [position],
  );
  return events ?? { count: NaN, digest: '' };
}

// These ids resemble the service's UUIDs (version 7): first the time, then random digits. So the index has the same shape.
const SEED_ID = `(lpad(to_hex(1700000000000 + n * 10 + p), 12, '0') || '7' || substr(md5(random()::text), 1, 3)
  || '8' || substr(md5(random()::text), 1, 15))::uuid`;
const SEED_ROWS = `FROM generate_series(1, $2::int) AS n, unnest($3::text[]) WITH ORDINALITY AS list (provider, p)`;

/** Inserts an API key and end users with a connection to each of {@link PROVIDERS} into the tables of the service. */
export async function seedService(
  database: BenchDatabase,
  credentials: Credentials,
  connections: number,
): Promise<void> {
  await database.query(
    `INSERT INTO terra_connect.api_keys (id, name, key_hash, hint, scopes) VALUES ($1, 'bench', $2, 'tc_', '{admin}')`,
    [uuidv7(), hashOf(credentials)],
  );
  await database.query(
    `INSERT INTO terra_connect.connections
        (id, reference_id, provider, terra_user_id, origin_terra_user_id, status, status_at, scopes, connected_at, reconcile_at)
      SELECT ${SEED_ID}, $1 || n, provider, md5(provider || n), md5(provider || n), 'active', now(),
          '{activity,body,daily,sleep}', now(), now() + interval '1 day' ${SEED_ROWS}`,
    [REFERENCE_PREFIX, endUsersFor(connections), PROVIDERS],
  );
  await database.query(
    `INSERT INTO terra_connect.connection_identities
        (terra_user_id, connection_id, reference_id, provider, cause, first_seen_at, linked_at)
      SELECT terra_user_id, id, reference_id, provider, 'auth', now(), now() FROM terra_connect.connections`,
  );
  await database.query('VACUUM ANALYZE');
}

/** The same for the tables of the peers. */
export async function seedPeer(
  database: BenchDatabase,
  credentials: Credentials,
  connections: number,
): Promise<void> {
  await database.query(`INSERT INTO peer.api_keys (id, key_hash, scopes) VALUES ($1, $2, '{admin}')`, [
    uuidv7(),
    hashOf(credentials),
  ]);
  await database.query(
    `INSERT INTO peer.connections (id, reference_id, provider, terra_user_id, status, scopes, connected_at, updated_at)
      SELECT ${SEED_ID}, $1 || n, provider, md5(provider || n), 'active', '{activity,body,daily,sleep}', now(), now()
        ${SEED_ROWS}`,
    [REFERENCE_PREFIX, endUsersFor(connections), PROVIDERS],
  );
  await database.query('VACUUM ANALYZE');
}

function hashOf({ apiKey }: Credentials): Buffer {
  return createHash('sha256').update(apiKey).digest();
}
