import type { ConnectionIdentity } from '../projection/connection-identity.entity';
import { decide, presenceOf, questionAbout, type Presence } from './replacement-decision';

const at = (minute: number): Date => new Date(Date.UTC(2026, 10, 24, 8, minute));
const identity = (
  terraUserId: string,
  minute: number,
  more: Partial<ConnectionIdentity> = {},
): ConnectionIdentity => ({
  terraUserId,
  connectionId: `connection of ${terraUserId}`,
  referenceId: 'end-user',
  provider: 'GARMIN',
  cause: 'auth',
  firstSeenAt: at(minute),
  linkedAt: at(minute),
  supersededBy: null,
  supersededAt: null,
  endedAt: null,
  endedCause: null,
  missingSince: null,
  inactiveSince: null,
  ...more,
});

describe('The question about a provisional connection', () => {
  const ask = (terraUserId: string, identities: ConnectionIdentity[], ends: Record<string, string> = {}) => {
    const connections = identities.map((one) => [
      one.connectionId ?? '',
      { status: ends[one.terraUserId] ?? 'active', statusReason: null },
    ]);
    const question = questionAbout({ terraUserId }, identities, new Map(connections as never));
    return (
      question && { next: question.next.terraUserId, olds: question.olds.map(({ terraUserId: id }) => id) }
    );
  };

  it.each<[string, ConnectionIdentity[], string[] | null]>([
    ['is about each earlier Terra user', [identity('A', 0), identity('B', 1), identity('C', 9)], ['B', 'A']],
    [
      'leaves out a superseded one',
      [identity('A', 0, { supersededBy: 'B' }), identity('B', 1), identity('C', 9)],
      ['B'],
    ],
    ['leaves out one that had ended before', [identity('A', 0, { endedAt: at(5) }), identity('C', 9)], null],
    [
      'includes one that ended with the reconnect',
      [identity('A', 0, { endedAt: at(9) }), identity('C', 9)],
      ['A'],
    ],
    ['leaves out one that no fact links', [identity('A', 0, { linkedAt: null }), identity('C', 9)], null],
    [
      'does not arise when the new one has ended',
      [identity('A', 0), identity('C', 9, { endedAt: at(10) })],
      null,
    ],
    [
      'does not arise for an end user with more than five others',
      ['A', 'B', 'D', 'E', 'F', 'G'].map((id) => identity(id, 0)).concat(identity('C', 9)),
      null,
    ],
  ])('%s', (_case, identities, olds) => {
    expect(ask('C', identities)).toEqual(olds && { next: 'C', olds });
  });

  it('is about the provisional one itself when its link arrives after a later one', () => {
    expect(ask('A', [identity('X', 0), identity('A', 1), identity('B', 9)])).toEqual({
      next: 'B',
      olds: ['A'],
    });
  });

  it('marks a Terra user whose end the service requested: its absence proves no reconnect', () => {
    const identities = [identity('A', 0), identity('C', 9)];
    const connections = new Map([
      ['connection of A', { status: 'disconnecting', statusReason: null } as const],
    ]);
    expect(questionAbout({ terraUserId: 'C' }, identities, connections)?.olds).toEqual([
      { terraUserId: 'A', endRequested: true },
    ]);
  });
});

describe("Terra's answers", () => {
  const olds = (...presences: Presence[]) =>
    presences.map((presence, index) => ({ terraUserId: String(index), presence, endRequested: false }));
  it.each([
    ['the old one is absent', 'live', ['absent'], { replaced: '0' }],
    ['both are live', 'live', ['live'], 'separate'],
    ['one of two is absent', 'live', ['live', 'absent'], { replaced: '1' }],
    ['two are absent, so nothing says which one was replaced', 'live', ['absent', 'absent'], 'separate'],
    ['one of two is not known', 'live', ['absent', 'unknown'], 'unknown'],
    // A wrong dev-id makes Terra answer 404 to everything.
    ['no one is found', 'absent', ['absent'], 'unknown'],
    ['the new one is not confirmed', 'unknown', ['absent'], 'unknown'],
  ] as const)('when %s', (_case, next, presences, answer) => {
    expect(decide(next, olds(...presences))).toEqual(answer);
  });

  it('when the old one is absent because the service requested its end: only user_reauth shows a reconnect', () => {
    expect(decide('live', [{ terraUserId: '0', presence: 'absent', endRequested: true }])).toBe('unknown');
    expect(decide('live', [{ terraUserId: '0', presence: 'live', endRequested: true }])).toBe('separate');
  });

  it.each([
    [null, 'absent'],
    [{ isAuthenticated: true, user: { active: true } }, 'live'],
    [{ isAuthenticated: true, user: { active: null } }, 'live'],
    // It may be paused, or about to be removed.
    [{ isAuthenticated: true, user: { active: false } }, 'unknown'],
    [{ isAuthenticated: false, user: { active: true } }, 'unknown'],
  ] as const)('%j means %s', (found, presence) => {
    expect(presenceOf(found as never)).toBe(presence);
  });
});
