import { dataLayoutOf } from './data-layout';
import type { DiagnosisInput } from './diagnosis-input';

const NOW = new Date('2026-11-24T12:00:00Z');
const daysAgo = (days: number): Date => new Date(NOW.getTime() - days * 86_400_000);
const account = (change: object): object => ({
  connection: { status: 'active', connectedAt: daysAgo(30), lastDataAt: null, ...change },
});

const layoutOf = (change: { accounts?: object[]; lastDataAt?: Date | null; takers?: string[] }) =>
  dataLayoutOf({
    now: NOW,
    connections: change.accounts ?? [],
    lastDataAt: change.lastDataAt ?? null,
    told: { events: [], endpoints: [], dataTakers: change.takers ?? [] },
  } as unknown as DiagnosisInput);

describe('The layout of health data', () => {
  it.each<[string, string, Parameters<typeof layoutOf>[0]]>([
    ['through_service', 'data arrives and a taker gets it', { lastDataAt: daysAgo(1), takers: ['e-1'] }],
    [
      'through_service',
      'the data of this end user arrives',
      { accounts: [account({ lastDataAt: daysAgo(6) })], takers: ['nats'] },
    ],
    ['not_forwarded', 'data arrives and nobody takes it', { lastDataAt: daysAgo(1) }],
    ['elsewhere', 'accounts are connected and no data ever arrives', { accounts: [account({})] }],
    [
      'elsewhere',
      'data has stopped to arrive',
      { accounts: [account({ lastDataAt: daysAgo(8) })], takers: ['e-1'] },
    ],
    ['unknown', 'the account is new', { accounts: [account({ connectedAt: daysAgo(1) })] }],
    ['unknown', 'no account is active', { accounts: [account({ status: 'disconnected' })] }],
    ['unknown', 'nothing is known', {}],
  ])('is %s when %s', (layout, _, change) => {
    expect(layoutOf(change).layout).toBe(layout);
  });

  it('is explained with its takers, and with what to do if data is dropped', () => {
    expect(layoutOf({ lastDataAt: daysAgo(1), takers: ['e-1', 'nats'] }).explanation).toMatch(
      /hands it on to the webhook endpoint e-1, NATS\.$/,
    );
    expect(layoutOf({ lastDataAt: daysAgo(1) }).explanation).toContain(
      'let a webhook endpoint or EVENTS_NATS_TYPES name data.*',
    );
    expect(layoutOf({ accounts: [account({})], takers: ['e-1'] }).explanation).toContain(
      'check the destinations on the Terra dashboard',
    );
  });
});
