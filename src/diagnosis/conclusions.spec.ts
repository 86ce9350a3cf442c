import { conclude } from './conclusions';
import type { DiagnosisInput } from './diagnosis-input';

const NOW = new Date('2026-11-24T12:00:00Z');
const ago = (hours: number): Date => new Date(NOW.getTime() - hours * 3_600_000);

const input = (change: object = {}): DiagnosisInput => ({
  referenceId: 'user-1',
  now: NOW,
  erasedAt: null,
  sessions: [],
  connections: [],
  pendingDeauthentications: [],
  webhooks: [],
  lastWebhookAt: ago(1),
  told: { events: [], endpoints: [], dataTakers: [] },
  lastDataAt: null,
  terra: { answered: false, cause: 'not_asked' },
  quietAfterHours: 72,
  successors: {},
  webhookPath: '/webhooks/terra',
  awaitingAdoption: null,
  ...change,
});
const session = (change: object): object => ({
  sessions: [
    {
      id: 's-1',
      status: 'pending',
      failureReason: null,
      providerReason: null,
      providers: [],
      openedAt: null,
      returnSpentAt: null,
      createdAt: ago(2),
      expiresAt: ago(-1),
      ...change,
    },
  ],
});
const connection = (change: object): object => {
  const row = { id: 'c-1', provider: 'GARMIN', terraUserId: 't-1', status: 'active', statusReason: null };
  const times = { statusAt: ago(5), connectedAt: ago(5), lastDataAt: ago(1) };
  const one = {
    connection: { ...row, ...times, ...change },
    identities: [{ terraUserId: 't-1' }],
    history: [],
  };
  return { connections: [one] };
};
const webhook = (status: string): object => ({
  webhooks: [{ id: 'w-1', type: 'auth', status, note: 'why', receivedAt: ago(1) }],
});
const ended = (statusReason: string): object => connection({ status: 'disconnected', statusReason });
const needsReauth = (statusReason: string): object => connection({ status: 'needs_reauth', statusReason });
const terraUser = (terraUserId: string) => ({ terraUserId, provider: 'GARMIN', createdAt: ago(1) });
const answer = (change: object = {}): object => ({
  terra: { answered: true, users: [], unlisted: [], missing: [], isFull: false, ...change },
});
const terra = (...ids: string[]): object => answer({ users: ids.map(terraUser) });
const unanswered = (cause: string): object => ({ terra: { answered: false, cause } });
const atWidget = (change: object = {}): object => session({ status: 'opened', openedAt: ago(1), ...change });

describe('conclude', () => {
  it.each<[code: string, change: object]>([
    ['erased', { erasedAt: ago(9) }],
    ['unknown_end_user', {}],
    ['never_asked', webhook('done')],
    ['not_opened', session({})],
    ['at_widget', session({ status: 'opened', openedAt: ago(1) })],
    ['callback_unconfirmed', session({ status: 'opened', openedAt: ago(1), returnSpentAt: ago(1) })],
    ['cancelled_by_end_user', session({ status: 'cancelled' })],
    ['failed_missing_scopes', session({ status: 'failed', providerReason: 'missing_scopes' })],
    ['failed_at_provider', session({ status: 'failed', providerReason: 'terra.unavailable' })],
    ['failed_unknown', session({ status: 'failed', failureReason: null })],
    ['failed_terra_unavailable', session({ status: 'failed', failureReason: 'terra.unavailable' })],
    ['session_expired', session({ status: 'expired' })],
    ['webhook_parked', webhook('parked')],
    ['webhook_dead_lettered', webhook('dead_lettered')],
    ['needs_reauth_connection_error', needsReauth('connection_error')],
    ['needs_reauth_inactive', needsReauth('inactive')],
    ['needs_reauth_missing_scopes', needsReauth('missing_scopes')],
    ['needs_reauth_provider_retired', needsReauth('provider_retired')],
    ['disconnecting_waits_for_terra', connection({ status: 'disconnecting' })],
    ['disconnected_deauth', ended('deauth')],
    ['disconnected_access_revoked', ended('access_revoked')],
    ['disconnected_disconnected_by_us', ended('disconnected_by_us')],
    ['disconnected_absent', ended('absent')],
    ['moved', connection({ status: 'moved' })],
    ['only_at_terra', terra('t-2')],
    ['missing_at_terra', { ...connection({}), ...answer({ missing: ['t-1'] }) }],
    ['user_cap_reached', { ...atWidget(), ...answer({ isFull: true }) }],
    [
      'failed_terra_no_widget_endpoint',
      session({ status: 'failed', failureReason: 'terra.no_widget_endpoint' }),
    ],
    ['sweep_awaits_adoption', { ...terra('t-2'), awaitingAdoption: { id: 's-1', startedAt: NOW } }],
    [
      'sweep_awaits_adoption',
      { ...terra('t-2'), awaitingAdoption: { id: 's-1', startedAt: terraUser('t-2').createdAt } },
    ],
    ['terra_unreachable', { ...connection({}), ...unanswered('terra.timeout') }],
    ['wrong_credentials', { ...connection({}), ...unanswered('terra.bad_credentials') }],
    ['no_webhooks_at_all', { ...connection({}), lastWebhookAt: null }],
    ['quiet_since', connection({ lastDataAt: ago(100) })],
  ])('reports %s with its meaning and advice, and calls the end user not healthy', (code, change) => {
    const { healthy, conclusions } = conclude(input(change));
    expect(conclusions.map((one) => one.code)).toContain(code);
    expect(healthy).toBe(false);
    for (const { summary, advice } of conclusions) {
      expect(summary).toMatch(/\.$/);
      expect(advice).toMatch(/\.$/);
      expect(summary + advice).not.toMatch(/undefined|null|NaN/);
    }
  });

  it('calls an end user healthy when Terra lists the active connection and no event or request is pending', () => {
    const { healthy, conclusions } = conclude(input({ ...connection({}), ...terra('t-1') }));
    expect({ healthy, codes: conclusions.map(({ code }) => code) }).toEqual({
      healthy: true,
      codes: ['connected'],
    });
  });

  const lost = terra('t-2');
  const second = session({ createdAt: ago(1) });
  const reauth = needsReauth('connection_error');
  it.each<[situation: string, change: object, codes: string[]]>([
    [
      'a connected person with an unopened second link',
      { ...connection({}), ...second },
      ['connected', 'not_opened'],
    ],
    [
      'a connected person at the widget',
      { ...connection({}), ...atWidget({ createdAt: ago(1) }) },
      ['connected', 'at_widget'],
    ],
    [
      'a connected person whose second link expired',
      { ...connection({}), ...session({ createdAt: ago(1), status: 'expired' }) },
      ['connected', 'session_expired'],
    ],
    [
      "a list of Terra's that lacks a known account",
      { ...connection({}), ...answer({ unlisted: [terraUser('t-1')] }) },
      ['connected', 'terra_list_incomplete'],
    ],
  ])('calls this well: %s', (_, change, codes) => {
    const { healthy, conclusions } = conclude(input({ ...terra('t-1'), ...change }));
    expect({ healthy, codes: conclusions.map(({ code }) => code) }).toEqual({ healthy: true, codes });
  });

  it.each<[situation: string, change: object, codes: string[]]>([
    ['a lost webhook, whatever became of the link', { ...atWidget(), ...lost }, ['only_at_terra']],
    ['a lost webhook of an unknown end user', lost, ['only_at_terra']],
    [
      'an account that Terra no longer knows',
      { ...connection({}), ...answer({ missing: ['t-1'] }) },
      ['missing_at_terra'],
    ],
    [
      'a connection that is quiet',
      { ...connection({ lastDataAt: ago(100) }), ...terra('t-1') },
      ['quiet_since'],
    ],
    [
      'rejected credentials that also stopped a session',
      {
        ...session({ status: 'failed', failureReason: 'terra.bad_credentials' }),
        ...unanswered('terra.bad_credentials'),
      },
      ['wrong_credentials'],
    ],
    [
      'an outage that also stopped a session',
      {
        ...session({ status: 'failed', failureReason: 'terra.unavailable' }),
        ...unanswered('terra.unavailable'),
      },
      ['failed_terra_unavailable'],
    ],
    ['a full Terra account', { ...atWidget(), ...answer({ isFull: true }) }, ['user_cap_reached']],
    ['an unknown end user, while Terra was not asked', {}, ['unknown_end_user']],
  ])('gives one reading of %s', (_, change, codes) => {
    const { healthy, conclusions } = conclude(input(change));
    expect({ healthy, codes: conclusions.map(({ code }) => code) }).toEqual({ healthy: false, codes });
  });

  it('expects webhooks only when something has caused one', () => {
    const codesOf = (change: object): string[] =>
      conclude(input({ ...terra(), ...change, lastWebhookAt: null })).conclusions.map(({ code }) => code);
    expect(codesOf(session({}))).toEqual(['not_opened']);
    expect(codesOf(atWidget({ returnSpentAt: ago(1) }))).toContain('no_webhooks_at_all');
    expect(codesOf(lost)).toEqual(['only_at_terra', 'no_webhooks_at_all']);
  });

  it('does not call a reference id misspelt if Terra was not asked', () => {
    const [asked, notAsked] = [terra(), {}].map((change) => conclude(input(change)).conclusions[0]);
    expect(asked?.summary).toContain('Terra lists no account');
    expect(notAsked?.advice).toMatch(/^Set TERRA_DEV_ID/);
  });

  it('sends an end user who has a link to that link, not to a second one', () => {
    const [first] = conclude(input({ ...reauth, ...session({}) })).conclusions;
    expect(first).toMatchObject({ code: 'needs_reauth_connection_error' });
    expect(first?.advice).toContain('finish the session s-1');
    expect(conclude(input(reauth)).conclusions[0]?.advice).toContain('connectionId c-1');
  });

  it('names the setting behind a failed creation', () => {
    const adviceOn = (failureReason: string): string =>
      conclude(input(session({ status: 'failed', failureReason }))).conclusions[0]?.advice ?? '';
    expect(adviceOn('terra.no_widget_endpoint')).toContain('TERRA_WIDGET_GENERATION=auto');
    expect(adviceOn('terra.user_cap_reached')).toContain('deauthenticate test users');
    expect(adviceOn('terra.no_provider_enabled')).toContain('enable one');
    expect(adviceOn('terra.new_error')).toContain('Look up terra.new_error in the log.');
  });

  it('reports only the newest end of a provider, and at most 50 conclusions', () => {
    const [one] = (connection({}) as { connections: { connection: object }[] }).connections;
    const of = (count: number, change: object): object[] =>
      Array.from({ length: count }, () => ({ ...one, connection: { ...one?.connection, ...change } }));
    const past = of(1_000, { status: 'disconnected', statusReason: 'deauth' });
    expect(conclude(input({ connections: past, ...terra() })).conclusions).toHaveLength(1);
    expect(conclude(input({ connections: of(1_000, {}) })).conclusions).toHaveLength(50);
  });

  it('lists the most important conclusion first', () => {
    const all = {
      ...connection({}),
      ...webhook('dead_lettered'),
      ...unanswered('terra.bad_credentials'),
      lastWebhookAt: null,
    };
    expect(conclude(input(all)).conclusions.map(({ code }) => code)).toEqual([
      'wrong_credentials',
      'webhook_dead_lettered',
      'no_webhooks_at_all',
      'connected',
    ]);
  });
});
