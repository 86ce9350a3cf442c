import { LANES } from '../src/webhooks/webhook-event.entity';
import { startTestApp, type TestApp } from './support/app';
import { startSession } from './support/flow';
import { drainInbox, storeDeliveries, type StoredDelivery } from './support/inbox';

const START = Date.now() - 30 * 60_000;
const TABLES = [
  'connect_session_connections',
  'connect_sessions',
  'connection_facts',
  'connection_identities',
  'connections',
  'deauthentications',
  'erasures',
  'tombstones',
  'webhook_events',
];

/** Everything that events change, without ids, times of processing, and the time of the last data, which is inexact. */
const SNAPSHOT: Record<string, string> = {
  connections: `SELECT reference_id, provider, status, status_reason, terra_user_id, origin_terra_user_id, scopes,
      merged_into IS NULL AS is_own, provisional_check_at IS NULL AS is_announced, last_data_at IS NULL AS has_no_data,
      encode(account_digest, 'hex') AS account
    FROM terra_connect.connections ORDER BY reference_id, provider, origin_terra_user_id`,
  identities: `SELECT i.terra_user_id, i.reference_id, i.provider, i.cause, i.linked_at, i.superseded_by, i.superseded_at,
      i.ended_at, i.ended_cause, c.origin_terra_user_id AS connection
    FROM terra_connect.connection_identities i LEFT JOIN terra_connect.connections c ON c.id = i.connection_id
    ORDER BY i.terra_user_id`,
  facts: `SELECT terra_user_id, kind, cause, occurred_at, reference_id, provider, old_terra_user_id, old_reference_id,
      scopes, scopes_added, scopes_removed FROM terra_connect.connection_facts
    ORDER BY terra_user_id, occurred_at, kind, fact_key`,
  deauthentications: `SELECT terra_user_id, status, actor, reason FROM terra_connect.deauthentications
    ORDER BY terra_user_id, reason`,
  sessions: `SELECT s.reference_id, s.metadata, s.status, s.failure_reason, s.provider_reason, s.ended_at IS NULL AS is_open,
      array_agg(c.origin_terra_user_id ORDER BY c.origin_terra_user_id) AS connections
    FROM terra_connect.connect_sessions s
      LEFT JOIN terra_connect.connect_session_connections l ON l.session_id = s.id
      LEFT JOIN terra_connect.connections c ON c.id = l.connection_id
    GROUP BY s.id ORDER BY s.reference_id, s.metadata::text`,
  events: `SELECT trace_id, status, note, type, terra_user_id, reference_id, convert_from(body, 'UTF8') AS body
    FROM terra_connect.webhook_events ORDER BY trace_id`,
};

/** A stream about 16 end users, in which most of what can happen happens, and events of all end users alternate. */
function streamOf(): StoredDelivery[] {
  const persons = Array.from({ length: 16 }, (_, index) => `person-${String(index).padStart(2, '0')}`);
  const rounds: ((person: string, index: number) => object | string | null)[] = [
    (person, index) => (index === 3 ? null : auth(person, 'A')),
    (person, index) => (index % 2 ? auth(person, 'A') : data(person, 'A')),
    (person, index) =>
      index % 5 === 4 ? auth(person, 'A', { reference_id: 'another' }) : athlete(person, 'A'),
    (person, index) => ({ type: 'connection_error', user: user(person, index % 4 ? 'A' : 'Z') }),
    (person) => ({
      type: 'permission_change',
      user: { ...user(person, 'A'), scopes: 'DAILY' },
      scopes_added: '',
      scopes_removed: 'SLEEP',
    }),
    (person, index) => (index % 2 ? auth(person, 'B') : reauth(person, 'A', 'B')),
    (person, index) => (index % 2 ? reauth(person, index % 3 ? 'A' : null, 'B') : auth(person, 'B')),
    (person) => ({ type: 'auth_cancelled', status: 'error', reason: 'access_denied', reference_id: person }),
    (person, index) => ({ type: index % 3 ? 'deauth' : 'access_revoked', user: user(person, 'A') }),
    (person) => data(person, 'B'),
    // Without a reference, the event waits for an owner; the next round names one.
    (person) => auth(person, 'C', { user: { ...user(person, 'C', 'OURA'), reference_id: null } }),
    (person) => ({ type: 'connection_error', user: user(person, 'C', 'OURA') }),
    (person, index) => (index % 2 ? auth(person, 'C', { user: user(person, 'C', 'OURA') }) : null),
    (_person, index) => (index % 2 ? '{"type":"unknown_type"}' : 'no JSON'),
    (person, index) => (index % 4 ? null : { type: 'deauth', user: user(person, 'B') }),
    // T-16: the account of another end user.
    (person, index) =>
      index % 6
        ? null
        : auth(`${person}-other`, 'B', { user: { ...user(person, 'B'), reference_id: `${person}-other` } }),
    (person, index) => (index % 3 ? null : auth(person, 'D')),
  ];
  return rounds
    .flatMap((eventOf, round) => persons.map((person, index) => ({ body: eventOf(person, index), round })))
    .flatMap(({ body, round }, index) =>
      body === null
        ? []
        : [{ body, traceId: `trace-${index}`, occurredAt: new Date(START + round * 60_000 + (index % 16)) }],
    );
}

const user = (person: string, account: string, provider = 'GARMIN') => ({
  user_id: `${person}-${account}`,
  provider,
  reference_id: person,
  scopes: 'DAILY,SLEEP',
});
const auth = (person: string, account: string, more: object = {}) => ({
  type: 'auth',
  status: 'success',
  user: user(person, account),
  ...more,
});
const data = (person: string, account: string) => ({ type: 'daily', user: user(person, account), data: [] });
const athlete = (person: string, account: string) => ({
  type: 'athlete',
  user: user(person, account),
  athlete: { provider_user_id: person.slice(-1) },
});
const reauth = (person: string, old: string | null, next: string) => ({
  type: 'user_reauth',
  status: 'warning',
  old_user: old === null ? null : user(person, old),
  new_user: user(person, next),
});

describe('The size of a batch changes nothing', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  /** What the tables hold after the stream was processed in batches of this size. */
  const processedBy = async (size: number): Promise<Record<string, unknown[]>> => {
    await service.query(`TRUNCATE ${TABLES.map((table) => `terra_connect.${table}`).join()} CASCADE`);
    for (const index of [0, 1, 2, 4, 5])
      for (const metadata of index % 2 ? [{ place: 1 }] : [{ place: 1 }, { place: 2 }])
        await startSession(service, { referenceId: `person-0${index}`, metadata });
    await service.query(`UPDATE terra_connect.connect_sessions SET created_at = $1, status = 'opened'`, [
      new Date(START - 60_000),
    ]);
    // An erased end user, whose events arrive late.
    await service.api('DELETE', '/v1/end-users/person-07');
    await storeDeliveries(service, streamOf());
    // One lane after the other: which lane is ahead decides when the first data of a connection arrived.
    for (const lane of Object.values(LANES)) await drainInbox(service, size, lane);
    const tables: Record<string, unknown[]> = {};
    for (const [name, sql] of Object.entries(SNAPSHOT)) tables[name] = await service.query(sql);
    return tables;
  };

  it('a mixed stream leads to the same rows in batches of 1, 7 and 200', async () => {
    const one = await processedBy(1);
    expect(Object.entries(one).filter(([, rows]) => rows.length < 2)).toEqual([]);
    const statuses = new Set((one.events as { status: string }[]).map(({ status }) => status));
    expect([...statuses].sort()).toEqual(['dead_lettered', 'done', 'ignored', 'parked']);
    expect(await processedBy(7)).toEqual(one);
    expect(await processedBy(200)).toEqual(one);
  });
});
