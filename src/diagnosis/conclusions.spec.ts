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
  terra: { answered: false, cause: 'not_asked' },
  quietAfterHours: 72,
  successors: {},
  webhookPath: '/webhooks/terra',
  ...change,
});
const session = (change: object): object => ({
  sessions: [{ id: 's-1', status: 'pending', createdAt: ago(2), expiresAt: ago(-1), ...change }],
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
const terra = (...ids: string[]): object => ({
  terra: { answered: true, users: ids.map((terraUserId) => ({ terraUserId, provider: 'GARMIN' })) },
});
const unanswered = (cause: string): object => ({ terra: { answered: false, cause } });

describe('conclude', () => {
  it.each<[code: string, change: object]>([
    ['erased', { erasedAt: ago(9) }],
    ['unknown_end_user', {}],
    ['never_asked', webhook('done')],
    ['not_opened', session({})],
    ['at_widget', session({ status: 'opened', openedAt: ago(1) })],
    ['callback_unconfirmed', session({ status: 'opened', openedAt: ago(1), returnSpentAt: ago(1) })],
    ['cancelled_by_end_user', session({ status: 'cancelled' })],
    ['failed_missing_scopes', session({ status: 'failed', failureReason: 'missing_scopes' })],
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
    ['missing_at_terra', { ...connection({}), ...terra() }],
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
