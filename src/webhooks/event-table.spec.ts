/* eslint-disable max-lines -- One table holds each shape of an event that is documented or was seen. */
import type { Connection, RecordedUser } from '../connections';
import { parseTerraEvent } from '../terra';
import { effectsOf, outcomeOf, type EventEffects } from './event-table';

const ORIGIN = { eventId: 'event-1', occurredAt: new Date('2026-11-23T09:30:00Z') };
const USER = { user_id: 'A', provider: 'GARMIN', reference_id: 'u_1', scopes: 'DAILY,SLEEP', active: true };
const REASON = 'the type is not known';

const read = (body: unknown): EventEffects =>
  effectsOf(
    parseTerraEvent(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body), 'utf8')),
    ORIGIN,
  );
/** The effects in short: what the event does, and the outcome if nothing is done. */
const summary = (body: unknown): Record<string, unknown> => {
  const { fact, needsOwner, completes, failedAttempt, touch, account, outcome } = read(body);
  const all = {
    ...(fact && {
      fact: [fact.kind, fact.cause, fact.terraUserId, fact.referenceId ?? null],
      needsOwner,
    }),
    ...(completes && { completes: completes.widgetSessionId }),
    ...(failedAttempt && { failed: failedAttempt.reason, of: failedAttempt.of }),
    ...(touch && { touch: touch.terraUserId }),
    ...(account && { account: account.accountId }),
  };
  return outcome.status === 'done' ? all : { ...all, [outcome.status]: outcome.note };
};

const auth = (user: unknown, more: object = {}) => ({ type: 'auth', status: 'success', user, ...more });
const linked = (reference: string | null, completes: string | null = null) => ({
  fact: ['linked', 'auth', 'A', reference],
  needsOwner: true,
  completes,
});
const attempt = (reference: string, more: object = {}) => ({
  of: {
    referenceId: reference,
    widgetSessionId: null,
    provider: null,
    occurredAt: ORIGIN.occurredAt,
    ...more,
  },
});
const swapped = (reference: string | null) => ({
  fact: ['swapped', 'user_reauth', 'B', reference],
  needsOwner: true,
  completes: null,
});

describe('Each documented event has the effects that Terra means', () => {
  it.each<[what: string, body: unknown, effects: object]>([
    ['auth', auth(USER), linked('u_1')],
    ['auth with the reference at both places', auth(USER, { reference_id: 'u_1' }), linked('u_1')],
    [
      'auth that names its widget session',
      auth(USER, { widget_session_id: 'w', flow_id: null }),
      linked('u_1', 'w'),
    ],
    [
      'auth_cancelled',
      { type: 'auth_cancelled', status: 'error', reason: 'access_denied', reference_id: 'u_1' },
      { failed: 'access_denied', ...attempt('u_1') },
    ],
    [
      'auth of a failed attempt, with a user that must not be linked',
      {
        type: 'auth',
        status: 'error',
        user: USER,
        message: 'failed to authenticate and has been deleted',
        reference_id: 'u_1',
        widget_session_id: 'w',
      },
      {
        failed: 'failed to authenticate and has been deleted',
        ...attempt('u_1', { widgetSessionId: 'w', provider: 'GARMIN' }),
      },
    ],
    [
      'deauth',
      { type: 'deauth', status: 'success', user: USER },
      { fact: ['ended', 'deauth', 'A', null], needsOwner: false },
    ],
    [
      'access_revoked',
      { type: 'access_revoked', status: 'warning', user: USER },
      { fact: ['ended', 'access_revoked', 'A', null], needsOwner: false },
    ],
    [
      'user_reauth',
      { type: 'user_reauth', status: 'warning', old_user: USER, new_user: { ...USER, user_id: 'B' } },
      swapped('u_1'),
    ],
    [
      'connection_error',
      { type: 'connection_error', status: 'warning', user: USER },
      { fact: ['failing', 'connection_error', 'A', null], needsOwner: true },
    ],
    [
      'permission_change',
      { type: 'permission_change', user: USER, scopes_added: '', scopes_removed: 'SLEEP' },
      { fact: ['scopes', 'permission_change', 'A', null], needsOwner: true },
    ],
    ['google_no_datasource', { type: 'google_no_datasource', user: USER }, {}],
    ...[
      'activity',
      'body',
      'daily',
      'menstruation',
      'nutrition',
      'sleep',
      'planned_workout',
      'hormone',
      'health_observation',
    ].map((type): [string, unknown, object] => [
      type,
      { type, user: USER, data: [{ steps: 1 }] },
      { touch: 'A' },
    ]),
    [
      'athlete, with the account at the provider',
      { type: 'athlete', user: USER, athlete: { provider_user_id: '4711' } },
      { touch: 'A', account: '4711' },
    ],
    ['lab_report.completed', { type: 'lab_report.completed', data: { reference_id: 'u_1' } }, {}],
    ['lab_report.failed', { type: 'lab_report.failed', upload_id: 'x' }, {}],
    ['processing', { type: 'processing', user: USER, retry_after_seconds: 30 }, {}],
    ['rate_limit_hit', { type: 'rate_limit_hit', user: USER }, {}],
    ['large_request_processing', { type: 'large_request_processing', user: USER }, {}],
    ['large_request_sending', { type: 'large_request_sending', user: USER, number_of_payloads: 3 }, {}],
    ['healthcheck', { type: 'healthcheck', trend_percentage: 1, sent_webhooks_last_hour: 2 }, {}],
    ['s3_payload', { type: 's3_payload', status: 'success', url: 'https://x', expires_in: 1 }, {}],
  ])('%s', (_what, body, effects) => {
    expect(summary(body)).toEqual(effects);
  });
});

describe('Each shape that was seen elsewhere is settled with a reason, or does what it can', () => {
  it.each<[what: string, body: unknown, effects: object]>([
    ['no reference', auth({ ...USER, reference_id: undefined }), linked(null)],
    ['a reference of null', auth({ ...USER, reference_id: null }), linked(null)],
    ['an empty reference', auth({ ...USER, reference_id: '' }), linked(null)],
    ['a reference that is the text null', auth({ ...USER, reference_id: 'null' }), linked(null)],
    ['a reference that is a number', auth({ ...USER, reference_id: 7 }), linked(null)],
    [
      'a reference at the top alone',
      auth({ ...USER, reference_id: null }, { reference_id: 'u_1' }),
      linked('u_1'),
    ],
    [
      'two references that differ',
      auth(USER, { reference_id: 'u_2' }),
      { parked: 'the event names two different references' },
    ],
    ['an e-mail address as the reference', auth({ ...USER, reference_id: 'a@b.c' }), linked('a@b.c')],
    ['a reference with colons', auth({ ...USER, reference_id: '1:5:ab' }), linked('1:5:ab')],
    ['scopes and created_at of null', auth({ ...USER, scopes: null, created_at: null }), linked('u_1')],
    ['scopes as a list', auth({ ...USER, scopes: ['daily', 'sleep'] }), linked('u_1')],
    [
      'a created_at with microseconds',
      auth({ ...USER, created_at: '2026-11-23T09:30:00.123456+00:00' }),
      linked('u_1'),
    ],
    ['auth without a user', auth(undefined), { ignored: 'auth without a user' }],
    ['auth with a user of null', auth(null), { ignored: 'auth without a user' }],
    ['auth with a user without an id', auth({ provider: 'OURA' }), { ignored: 'auth without a user' }],
    ['auth with a user without a provider', auth({ user_id: 'A' }), { ignored: 'auth without a user' }],
    ['auth without a status', { type: 'auth', user: USER }, { ignored: 'auth with an unknown status' }],
    [
      'a failed auth without a user',
      { type: 'auth', status: 'error', reason: 'auth_cancelled', reference_id: 'u_1' },
      { failed: 'auth_cancelled', ...attempt('u_1') },
    ],
    [
      'a failed auth without a reference',
      { type: 'auth', status: 'error', user: { ...USER, reference_id: null } },
      { ignored: 'a failed attempt of an unknown end user' },
    ],
    [
      'a failed auth with two references',
      { type: 'auth', status: 'error', user: USER, reference_id: 'u_2' },
      { ignored: 'a failed attempt of an unknown end user' },
    ],
    [
      'auth_cancelled with nulls',
      { type: 'auth_cancelled', status: 'error', flow_id: null, reason: null, reference_id: null },
      { ignored: 'a failed attempt of an unknown end user' },
    ],
    [
      'deauth whose user has no reference',
      { type: 'deauth', user: { user_id: 'A', provider: 'OURA' } },
      { fact: ['ended', 'deauth', 'A', null], needsOwner: false },
    ],
    [
      'T-24: deauth whose user has only an id',
      { type: 'deauth', user: { user_id: 'A' } },
      { fact: ['ended', 'deauth', 'A', null], needsOwner: false },
    ],
    [
      'connection_error whose user has only an id',
      { type: 'connection_error', user: { user_id: 'A' } },
      { fact: ['failing', 'connection_error', 'A', null], needsOwner: true },
    ],
    [
      'athlete whose user has only an id',
      { type: 'athlete', user: { user_id: 'A' }, athlete: { provider_user_id: '1' } },
      { touch: 'A' },
    ],
    ['deauth without a user', { type: 'deauth' }, { ignored: 'deauth without a user' }],
    [
      'access_revoked without a user',
      { type: 'access_revoked' },
      { ignored: 'access_revoked without a user' },
    ],
    [
      'user_reauth with the status success',
      { type: 'user_reauth', status: 'success', old_user: USER, new_user: { ...USER, user_id: 'B' } },
      swapped('u_1'),
    ],
    [
      'user_reauth without an old user',
      { type: 'user_reauth', old_user: null, new_user: { ...USER, user_id: 'B' } },
      swapped('u_1'),
    ],
    [
      'user_reauth whose old user has only an id',
      { type: 'user_reauth', old_user: { user_id: 'A' }, new_user: { ...USER, user_id: 'B' } },
      swapped('u_1'),
    ],
    [
      'user_reauth with a flat old_user_id, which the schema does not have',
      { type: 'user_reauth', old_user_id: 'A', new_user: { ...USER, user_id: 'B' } },
      swapped('u_1'),
    ],
    [
      'user_reauth of a user that replaces itself',
      { type: 'user_reauth', old_user: USER, new_user: USER },
      { fact: ['linked', 'user_reauth', 'A', 'u_1'], needsOwner: true, completes: null },
    ],
    [
      'user_reauth without a reference',
      {
        type: 'user_reauth',
        old_user: { ...USER, reference_id: null },
        new_user: { user_id: 'B', provider: 'OURA' },
      },
      swapped(null),
    ],
    [
      'user_reauth with a user and no new user',
      { type: 'user_reauth', user: USER },
      { ignored: 'user_reauth without a new user' },
    ],
    [
      'connection_error without a user',
      { type: 'connection_error' },
      { ignored: 'connection_error without a user' },
    ],
    [
      'permission_change without a user',
      { type: 'permission_change', scopes_added: 'A' },
      { ignored: 'permission_change without a user' },
    ],
    ['data without a user', { type: 'daily', data: [] }, {}],
    ['data with its user in another form', { type: 'daily', user: 'A' }, {}],
    [
      'an account that is a number beyond 64 bits',
      '{"type":"athlete","user":{"user_id":"A","provider":"OURA"},"athlete":{"provider_user_id":1e400}}',
      { touch: 'A', account: 'Infinity' },
    ],
    ...[
      'connexion_error',
      's3_upload',
      'request_processing',
      'request_completed',
      'auth_failure',
      'internal_server_error',
      'processed_activity',
      'lab_report',
      'AUTH',
      '__proto__',
      'constructor',
      'toString',
    ].map((type): [string, unknown, object] => [
      `the type ${type}`,
      { type, user: USER, status: 'success' },
      { ignored: REASON },
    ]),
  ])('%s', (_what, body, effects) => {
    expect(summary(body)).toEqual(effects);
  });

  it.each<[what: string, body: string]>([
    ['no bytes', ''],
    ['no JSON', 'type=auth'],
    ['JSON that ends too early', '{"type":"auth"'],
    ['a list', '[{"type":"auth"}]'],
    ['a text', '"auth"'],
    ['no type', '{"status":"success"}'],
    ['a type of null', '{"type":null}'],
    ['a type that is a number', '{"type":1}'],
    ['a type with NUL', '{"type":"auth\\u0000"}'],
    ['a type with half of a surrogate pair', '{"type":"auth\\ud800"}'],
    ['a type behind __proto__', '{"__proto__":{"type":"auth"}}'],
  ])('%s is unreadable', (_what, body) => {
    expect(summary(body)).toEqual({
      dead_lettered: 'the body is not a Terra event as JSON in UTF-8',
    });
  });

  it.each<[what: string, member: string]>([
    ['a member __proto__', '"__proto__":{"user_id":"X","reference_id":"X"}'],
    ['100,000 levels', `"a":${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['100,000 levels of objects', `"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['a number beyond 64 bits', `"a":${'9'.repeat(400)}`],
    ['NUL', '"a":"\\u0000"'],
    ['half of a surrogate pair', '"a":"\\udc00"'],
  ])('%s beside what the service reads changes nothing', (_what, member) => {
    const user = '{"user_id":"A","provider":"GARMIN","reference_id":"u_1"';
    expect(summary(`{${member},"type":"auth","status":"success","user":${user},${member}}}`)).toEqual(
      linked('u_1'),
    );
  });
});

describe('A fact of an event', () => {
  it('of a swap names the old Terra user, although Terra leaves its provider out', () => {
    const old = { user_id: 'A', reference_id: 'u_1' };
    const { fact } = read({ type: 'user_reauth', old_user: old, new_user: { ...USER, user_id: 'B' } });
    expect(fact).toMatchObject({ kind: 'swapped', oldTerraUserId: 'A', oldReferenceId: 'u_1' });
  });

  it('names the event, the time at which it occurred, and everything that Terra says', () => {
    const base = { source: 'webhook', sourceId: 'event-1', occurredAt: ORIGIN.occurredAt };
    expect(read(auth(USER)).fact).toEqual({
      ...base,
      terraUserId: 'A',
      kind: 'linked',
      cause: 'auth',
      provider: 'GARMIN',
      referenceId: 'u_1',
      scopes: ['DAILY', 'SLEEP'],
    });
    const change = { type: 'permission_change', user: USER, scopes_added: 'BODY', scopes_removed: ['SLEEP'] };
    expect(read(change).fact).toEqual({
      ...base,
      terraUserId: 'A',
      kind: 'scopes',
      cause: 'permission_change',
      scopes: ['DAILY', 'SLEEP'],
      scopesAdded: ['BODY'],
      scopesRemoved: ['SLEEP'],
    });
    const swap = { type: 'user_reauth', old_user: USER, new_user: { ...USER, user_id: 'B' } };
    expect(read(swap).fact).toMatchObject({
      ...base,
      terraUserId: 'B',
      oldTerraUserId: 'A',
      oldReferenceId: 'u_1',
    });
  });
});

describe('The outcome of an event follows its recorded fact', () => {
  const user = (change: Partial<RecordedUser>): RecordedUser => ({
    identity: null,
    connection: { id: 'c' } as Connection,
    joined: true,
    claimedByAnother: false,
    erased: false,
    ...change,
  });
  const link = read(auth(USER));
  const end = read({ type: 'deauth', user: USER });

  it.each<[what: string, effects: EventEffects, recorded: RecordedUser | null, outcome: object]>([
    ['a link', link, user({}), { status: 'done', note: null }],
    [
      'a link without an owner',
      link,
      user({ connection: null }),
      { status: 'parked', note: 'the owner of the Terra user is not known yet' },
    ],
    [
      'a link that another end user has',
      link,
      user({ claimedByAnother: true }),
      { status: 'parked', note: 'the Terra user belongs to another reference' },
    ],
    [
      'a link of an erased end user',
      link,
      user({ connection: null, erased: true }),
      { status: 'ignored', note: 'the end user has been erased' },
    ],
    ['an end', end, user({}), { status: 'done', note: null }],
    ['an end of an unknown Terra user', end, user({ connection: null }), { status: 'done', note: null }],
    [
      'an end of an erased end user',
      end,
      user({ erased: true }),
      { status: 'ignored', note: 'the end user has been erased' },
    ],
    ['no fact', read({ type: 'healthcheck' }), null, { status: 'done', note: null }],
  ])('%s', (_what, effects, recorded, outcome) => {
    expect(outcomeOf(effects, recorded)).toEqual(outcome);
  });
});
