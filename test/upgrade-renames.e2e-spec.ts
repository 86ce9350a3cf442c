import { startTestApp, type TestApp } from './support/app';
import { migrateDatabase, undoMigrationsAfter } from './support/migrations';

const ID = (n: number): string => `01980c0e-0000-7000-8000-0000000000${String(n).padStart(2, '0')}`;
const AT = (minute: number): string => `2026-11-23T08:${String(minute).padStart(2, '0')}:00.000Z`;
const WAITING_NOTE = 'nobody has told us yet whose Terra user this is';

/** Rows of every table that the renames change, in the old words. They contain each renamed column and value. */
const ROWS_BEFORE = `
  INSERT INTO terra_connect.connections
    (id, reference_id, provider, terra_user_id, status, status_at, connected_at, origin_terra_user_id)
  VALUES ('${ID(1)}', 'anna', 'GARMIN', 'anna-1', 'active', '${AT(1)}', '${AT(1)}', 'anna-1');
  INSERT INTO terra_connect.connection_identities
    (terra_user_id, connection_id, reference_id, provider, cause, first_seen_at, linked_at)
  VALUES
    ('anna-1', '${ID(1)}', 'anna', 'GARMIN', 'landing', '${AT(1)}', '${AT(1)}'),
    ('bert-1', NULL, NULL, 'OURA', 'auth', '${AT(2)}', NULL);
  INSERT INTO terra_connect.connection_facts
    (id, fact_key, terra_user_id, kind, cause, source, version, reference_id, provider)
  VALUES
    ('${ID(2)}', '\\x02', 'anna-1', 'linked', 'landing', 'landing', '${AT(1)}', 'anna', 'GARMIN'),
    ('${ID(3)}', '\\x03', 'anna-1', 'linked', 'auth', 'webhook', '${AT(2)}', 'anna', 'GARMIN');
  INSERT INTO terra_connect.connect_sessions
    (id, reference_id, status, providers, show_disconnect, multi_auth, connect_token, return_nonce_hash, widget_url,
     created_at, updated_at, expires_at, success_landed_at)
  VALUES ('${ID(4)}', 'anna', 'completed', '{}', true, false, 'token', '\\x04', 'https://widget.example', '${AT(0)}', '${AT(1)}',
    '${AT(15)}', '${AT(1)}');
  INSERT INTO terra_connect.webhook_events
    (id, dedupe_key, signature_digest, signed_at, ordering_at, received_at, body, type, status, next_attempt_at, note)
  VALUES
    ('${ID(5)}', 'five', '\\x05', '${AT(1)}', '${AT(2)}', '${AT(3)}', '{}', 'auth', 'dead', '${AT(4)}', 'failed 14 times'),
    ('${ID(6)}', 'six', '\\x06', '${AT(1)}', NULL, '${AT(3)}', '{}', 'permission_change', 'parked', '${AT(4)}',
      '${WAITING_NOTE}'),
    ('${ID(7)}', 'seven', '\\x07', '${AT(1)}', '${AT(2)}', '${AT(3)}', '{}', 'deauth', 'done', '${AT(4)}', NULL);
  INSERT INTO terra_connect.sweeps
    (id, status, phase, dry_run, forced, actor, compare_after, brake, started_at, updated_at, lease_until)
  VALUES
    ('${ID(8)}', 'held', 'comparing', false, false, 'schedule', 'anna-1', 'too_many_changes', '${AT(1)}', '${AT(2)}', '${AT(3)}'),
    ('${ID(9)}', 'completed', 'applying', false, false, 'cli', NULL, NULL, '${AT(1)}', '${AT(2)}', '${AT(3)}');
  INSERT INTO terra_connect.sweep_findings (sweep_id, terra_user_id, action, observed_at)
  VALUES
    ('${ID(8)}', 'anna-1', 'note_missing', '${AT(2)}'),
    ('${ID(8)}', 'bert-1', 'note_seen', '${AT(2)}'),
    ('${ID(8)}', 'cleo-1', 'no_owner', '${AT(2)}'),
    ('${ID(8)}', 'dora-1', 'revive', '${AT(2)}')`;

const COLUMNS: Record<string, string> = {
  version: 'occurred_at',
  ordering_at: 'occurred_at',
  success_landed_at: 'success_callback_at',
  compare_after: 'diff_after',
  brake: 'approval_reason',
};
const WORDS: Record<string, string> = {
  landing: 'callback',
  dead: 'dead_lettered',
  held: 'awaiting_approval',
  comparing: 'diffing',
  note_missing: 'mark_missing',
  note_seen: 'mark_seen',
  revive: 'link_again',
  [WAITING_NOTE]: 'the owner of the Terra user is not known yet',
};

type Tables = Record<string, Record<string, unknown>[]>;

function inNewWords(tables: Tables): Tables {
  const wordFor = (value: unknown): unknown => (typeof value === 'string' && WORDS[value]) || value;
  const rename = (row: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [COLUMNS[name] ?? name, wordFor(value)]));
  return Object.fromEntries(Object.entries(tables).map(([table, rows]) => [table, rows.map(rename)]));
}

describe('The migration to the words of the glossary', () => {
  let service: TestApp;
  let before: Tables;
  beforeAll(async () => {
    service = await startTestApp();
    await undoMigrationsAfter(service.databaseUrl, 'AddErasures1795500300000');
    await service.query(ROWS_BEFORE);
    before = await everyRow();
    await migrateToWords();
  });
  afterAll(() => service.close());

  /** Applies this migration. Those after it are applied and reverted, because a migrator applies all that are pending. */
  async function migrateToWords(): Promise<void> {
    await migrateDatabase(service.databaseUrl);
    await undoMigrationsAfter(service.databaseUrl, 'RenameToDomainWords1795600000000');
  }

  async function everyRow(): Promise<Tables> {
    const tables = await service.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'terra_connect'
         AND table_name <> 'terra_connect_migrations' ORDER BY 1`,
    );
    const entries = tables.map(async ({ name }) => {
      const rows = await service.query(`SELECT * FROM terra_connect.${name} ORDER BY 1, 2`);
      return [name, rows] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  it('renames every column and word, and changes no other value', async () => {
    const after = await everyRow();
    expect(after).toEqual(inNewWords(before));
    for (const word of Object.keys(WORDS)) expect(JSON.stringify(after)).not.toContain(`"${word}"`);
  });

  it('can be rolled back without loss, and run again', async () => {
    const after = await everyRow();
    await migrateDatabase(service.databaseUrl);
    await undoMigrationsAfter(service.databaseUrl, 'AddErasures1795500300000');
    expect(await everyRow()).toEqual(before);
    await migrateToWords();
    expect(await everyRow()).toEqual(after);
  });

  it('leaves rows that the API reads under the new names', async () => {
    await migrateDatabase(service.databaseUrl);
    const history = await service.api('GET', `/v1/connections/${ID(1)}/history`);
    expect(history.body.items).toMatchObject([
      { cause: 'auth', source: 'webhook', occurredAt: AT(2) },
      { cause: 'callback', source: 'callback', occurredAt: AT(1) },
    ]);
    const deadLettered = await service.api('GET', '/v1/webhook-events?status=dead_lettered');
    expect(deadLettered.body.items).toMatchObject([{ id: ID(5), occurredAt: AT(2) }]);
    const sweep = await service.api('GET', `/v1/sweeps/${ID(8)}`);
    expect(sweep.body).toMatchObject({
      status: 'awaiting_approval',
      phase: 'diffing',
      approvalReason: 'too_many_changes',
    });
  });
});
