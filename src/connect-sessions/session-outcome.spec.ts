import type { Connection } from '../connections';
import type { ConnectSession } from './connect-session.entity';
import { decideOutcomes, type SessionOutcomes } from './session-outcome';
import type { SessionHint, SessionSignal } from './session-signal';

const NOW = new Date('2026-11-23T10:00:00Z');
const OCCURRED = new Date('2026-11-23T09:30:00Z');
const minutes = (count: number): Date => new Date(OCCURRED.getTime() + count * 60_000);

const sessionOf = (id: string, change: Partial<ConnectSession> = {}): ConnectSession =>
  ({
    id,
    referenceId: 'u_1',
    status: 'opened',
    failureReason: null,
    providerReason: null,
    providers: [],
    multiAuth: false,
    checkUserId: null,
    checkAt: null,
    terraSessionId: `widget-${id}`,
    reconnectsConnectionId: null,
    reconnectsTerraUserId: null,
    widgetUrl: 'https://widget.example',
    createdAt: minutes(-10),
    expiresAt: minutes(5),
    endedAt: null,
    ...change,
  }) as ConnectSession;
const connectionOf = (id: string, change: Partial<Connection> = {}): Connection =>
  ({
    id,
    referenceId: 'u_1',
    provider: 'GARMIN',
    provisionalCheckAt: null,
    mergedInto: null,
    ...change,
  }) as Connection;
const hint = (change: Partial<SessionHint> = {}): SessionHint => ({
  referenceId: 'u_1',
  widgetSessionId: null,
  provider: 'GARMIN',
  occurredAt: OCCURRED,
  ...change,
});
const connected = (
  of: SessionHint | { sessionId: string } = hint(),
  link: { terraUserId?: string; connection?: Connection; joined?: boolean } = {},
): SessionSignal => ({
  kind: 'connected',
  of,
  link: { terraUserId: 'A', connection: connectionOf('c_1'), joined: true, ...link },
  occurredAt: OCCURRED,
});
const failed = (
  of: SessionHint | { sessionId: string } = hint(),
  reason: string | null = null,
): SessionSignal => ({ kind: 'failed', of, reason });
const decide = (
  signals: SessionSignal[],
  sessions: ConnectSession[],
  reconnected: Connection[] = [],
): SessionOutcomes =>
  decideOutcomes(signals, sessions, new Map(reconnected.map((one) => [one.id, one])), NOW);
const endsOf = ({ ended }: SessionOutcomes): string[] =>
  ended.map(({ sessionId, status }) => `${sessionId} ${status}`);

describe('Which session a signal is about', () => {
  it.each<[what: string, signal: SessionSignal, sessions: ConnectSession[], ends: string[]]>([
    [
      'the named one, although a newer one fits',
      connected(hint({ widgetSessionId: 'widget-1' })),
      [sessionOf('1'), sessionOf('2')],
      ['1 completed'],
    ],
    [
      'not the named one of another end user',
      connected(hint({ widgetSessionId: 'widget-1' }), { joined: false }),
      [sessionOf('1', { referenceId: 'u_2' })],
      [],
    ],
    ['the newest that fits', connected(), [sessionOf('1'), sessionOf('2')], ['2 completed']],
    [
      'an opened one before a newer one that was never opened',
      connected(),
      [sessionOf('1'), sessionOf('2', { status: 'pending' })],
      ['1 completed'],
    ],
    [
      'none for a repeated event that names none: it would complete a later session',
      connected(hint(), { joined: false }),
      [sessionOf('1')],
      [],
    ],
    ['one that has expired', connected(), [sessionOf('1', { status: 'expired' })], ['1 completed']],
    ['none that was created later', connected(), [sessionOf('1', { createdAt: minutes(1) })], []],
    ['none that ended long before', connected(), [sessionOf('1', { expiresAt: minutes(-61) })], []],
    ['none that Terra never answered', connected(), [sessionOf('1', { widgetUrl: null })], []],
    ['none of another provider', connected(), [sessionOf('1', { providers: ['OURA'] })], []],
    [
      'for a failure, one that ended without a reason first',
      failed(hint(), 'access_denied'),
      [sessionOf('1', { status: 'failed', endedAt: minutes(-1) }), sessionOf('2')],
      [],
    ],
    [
      'for a failure, an opened one',
      failed(),
      [sessionOf('1'), sessionOf('2', { status: 'pending' })],
      ['1 failed'],
    ],
    [
      'for a failure, one that was never opened only if it is the only one',
      failed(),
      [sessionOf('1', { status: 'pending' })],
      ['1 failed'],
    ],
    [
      'for a failure, none of several that were never opened',
      failed(),
      [sessionOf('1', { status: 'pending' }), sessionOf('2', { status: 'pending' })],
      [],
    ],
    ['for a failure, none that is completed', failed(), [sessionOf('1', { status: 'completed' })], []],
    [
      'the one that a callback knows',
      failed({ sessionId: '1' }, 'cancelled'),
      [sessionOf('1')],
      ['1 cancelled'],
    ],
  ])('%s', (_what, signal, sessions, ends) => {
    expect(endsOf(decide([signal], sessions))).toEqual(ends);
  });
});

describe('Signals of one batch count as if one came after the other', () => {
  it('two accounts complete two sessions, and a third one finds none', () => {
    const sessions = [sessionOf('1'), sessionOf('2')];
    const signals = ['A', 'B', 'C'].map((terraUserId) => connected(hint(), { terraUserId }));
    const outcomes = decide(signals, sessions);
    expect(endsOf(outcomes)).toEqual(['2 completed', '1 completed']);
    expect(outcomes.ledTo.map(({ sessionId, link }) => `${sessionId} ${link.terraUserId}`)).toEqual([
      '2 A',
      '1 B',
    ]);
  });

  it('a multiAuth session leads to each of them', () => {
    const sessions = [sessionOf('1', { multiAuth: true })];
    const outcomes = decide(
      ['A', 'B'].map((terraUserId) => connected(hint(), { terraUserId })),
      sessions,
    );
    expect(endsOf(outcomes)).toEqual(['1 completed']);
    expect(outcomes.ledTo).toHaveLength(2);
  });

  it('a success after a failure completes the session, a failure after a success changes nothing', () => {
    const named = hint({ widgetSessionId: 'widget-1' });
    const signals = [failed(named, 'access_denied'), connected(named), failed(named, 'access_denied')];
    const session = sessionOf('1');
    expect(endsOf(decide(signals, [session]))).toEqual(['1 cancelled', '1 completed']);
    expect(session).toMatchObject({ status: 'completed', providerReason: null, endedAt: NOW });
  });

  it('the reason of a failed attempt may follow its callback', () => {
    const session = sessionOf('1');
    const outcomes = decide([failed({ sessionId: '1' }), failed(hint(), 'access_denied')], [session]);
    expect(endsOf(outcomes)).toEqual(['1 failed']);
    expect(session).toMatchObject({ status: 'cancelled', providerReason: 'access_denied' });
  });
});

describe('What a connected account changes', () => {
  it('T-26: a session of another provider is reported and not completed', () => {
    const session = sessionOf('1', { providers: ['OURA'] });
    const outcomes = decide([connected(hint({ widgetSessionId: 'widget-1' }))], [session]);
    expect(outcomes).toMatchObject({ mismatched: ['1'], ended: [], ledTo: [] });
    expect(outcomes.changed.size).toBe(0);
  });

  it('a session stays open while its connection is provisional', () => {
    const connection = connectionOf('c_1', { provisionalCheckAt: NOW });
    const outcomes = decide([connected(hint(), { connection })], [sessionOf('1')]);
    expect(outcomes.ledTo).toHaveLength(1);
    expect(outcomes.ended).toEqual([]);
  });

  it.each([
    ['ends the checks of the callback', false, 'B', null],
    ['of multiAuth leaves the check of another account', true, 'B', NOW],
    ['of multiAuth ends the check of its own account', true, 'A', null],
  ])('a completion %s', (_what, multiAuth, checkUserId, checkAt) => {
    const session = sessionOf('1', { multiAuth, checkUserId, checkAt: NOW });
    decide([connected()], [session]);
    expect(session.checkAt).toEqual(checkAt);
  });

  const reconnecting = { reconnectsConnectionId: 'c_0', reconnectsTerraUserId: 'O' };

  it('a session that reconnects records a swap, and is complete although the new connection is provisional', () => {
    const connection = connectionOf('c_1', { provisionalCheckAt: NOW });
    const outcomes = decide(
      [connected(hint(), { connection })],
      [sessionOf('1', reconnecting)],
      [connectionOf('c_0')],
    );
    expect(outcomes.ledTo.map(({ swap }) => swap)).toMatchObject([
      { kind: 'swapped', cause: 'reconnect', terraUserId: 'A', oldTerraUserId: 'O', sourceId: '1' },
    ]);
    expect(endsOf(outcomes)).toEqual(['1 completed']);
  });

  it('a session that reconnects at a provider that succeeds the old one records a succession', () => {
    const old = connectionOf('c_0', { provider: 'OLD', mergedInto: 'c_00' });
    const { ledTo, successions } = decide([connected()], [sessionOf('1', reconnecting)], [old]);
    expect(ledTo).toMatchObject([{ swap: null }]);
    expect(successions).toEqual([{ oldId: 'c_00', newId: 'c_1', at: OCCURRED }]);
  });

  it.each<[what: string, old: Connection[], terraUserId: string]>([
    ['was erased', [], 'A'],
    ['belongs to another end user', [connectionOf('c_0', { referenceId: 'u_2' })], 'A'],
    ['has this Terra user already', [connectionOf('c_0')], 'O'],
  ])('nothing is reconnected if the old connection %s', (_what, old, terraUserId) => {
    const { ledTo, successions } = decide(
      [connected(hint(), { terraUserId })],
      [sessionOf('1', reconnecting)],
      old,
    );
    expect([ledTo.map(({ swap }) => swap), successions]).toEqual([[null], []]);
  });
});
