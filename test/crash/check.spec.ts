import { SeededRandom } from '../support/seeded-random';
import { deliveriesOf } from './deliveries';
import { expectedOf, STATUS, type ConnectionState } from './expectation';
import { createSequences } from './event-sequences';
import type { SequenceEvent } from './terra-events';
import { hasPassed, checkEvidence, type Evidence, type CheckResult } from './check';

const connection = (change: Partial<ConnectionState> = {}): ConnectionState => ({
  referenceId: 'person-1',
  provider: 'GARMIN',
  terraUserId: 'terra-1',
  status: STATUS.connected,
  statusReason: null,
  scopes: ['daily'],
  terraUserIds: ['terra-1'],
  history: ['auth terra-1', 'connection_error terra-1', 'auth terra-1'],
  ...change,
});
const other = connection({ provider: 'OURA', terraUserId: 'terra-2', terraUserIds: ['terra-2'] });
const expected = [connection(), other];
const events = ['a', 'b'].map((traceId) => ({ traceId, status: 'done' }));

/** The kinds of fault that the check finds in correct evidence with this change. */
const faultsOf = (change: Partial<Evidence>): string[] => {
  const right = { acknowledged: ['a', 'b'], stored: events, connections: [connection(), other] };
  const result = checkEvidence(expected, { ...right, ...change });
  const faults = (Object.keys(result) as (keyof CheckResult)[]).filter((fault) => result[fault].length > 0);
  expect(hasPassed(result)).toBe(faults.length === 0);
  return faults;
};

describe('The check of the crash test reports', () => {
  it('no fault for correct evidence', () => {
    expect(faultsOf({})).toEqual([]);
    expect(faultsOf({ stored: [...events, { traceId: 'never acknowledged', status: 'ignored' }] })).toEqual(
      [],
    );
  });

  it('an acknowledged event that is lost', () => {
    expect(faultsOf({ stored: events.slice(1) })).toEqual(['missingEvents']);
  });

  it('an event that is stored twice', () => {
    expect(faultsOf({ stored: [...events, { traceId: 'a', status: 'ignored' }] })).toEqual([
      'eventsStoredTwice',
    ]);
  });

  it('an event that is not processed, and a dead letter', () => {
    const first = { traceId: 'a', status: 'pending' };
    expect(faultsOf({ stored: [first, ...events.slice(1)] })).toEqual(['unfinishedEvents']);
    expect(faultsOf({ stored: [{ ...first, status: 'parked' }, ...events.slice(1)] })).toEqual([
      'unfinishedEvents',
    ]);
    expect(faultsOf({ stored: [{ ...first, status: 'dead_lettered' }, ...events.slice(1)] })).toEqual([
      'deadLetters',
    ]);
  });

  it('an effect that is missing', () => {
    expect(faultsOf({ connections: [other] })).toEqual(['missingEffects']);
    const incomplete = connection({ history: connection().history.slice(1) });
    expect(faultsOf({ connections: [incomplete, other] })).toEqual(['missingEffects']);
  });

  it('an effect that occurs twice, in one connection or in several', () => {
    const duplicated = connection({ history: [...connection().history, 'connection_error terra-1'] });
    expect(faultsOf({ connections: [duplicated, other] })).toEqual(['duplicateEffects']);
    const twin = connection({ terraUserId: 'terra-3' });
    expect(faultsOf({ connections: [twin, connection(), other] })).toEqual(['duplicateEffects']);
    const unexpected = connection({ referenceId: 'person-2' });
    expect(faultsOf({ connections: [connection(), other, unexpected] })).toEqual(['duplicateEffects']);
  });

  it.each<Partial<ConnectionState>>([
    { terraUserId: 'terra-9' },
    { status: STATUS.ended },
    { statusReason: 'deauth' },
    { scopes: ['daily', 'sleep'] },
    { terraUserIds: ['terra-1', 'terra-9'] },
    { history: ['auth terra-1', 'auth terra-1', 'connection_error terra-1'] },
  ])('a connection with the wrong %j', (change) => {
    expect(faultsOf({ connections: [connection(change), other] })).toEqual(['mismatches']);
  });
});

describe('The event sequences of the crash test', () => {
  it('are equal for one seed, differ between seeds, and have as many events as requested', () => {
    const deliveriesAsJson = (seed: number, count: number): string => {
      const random = new SeededRandom(seed);
      const deliveries = deliveriesOf(createSequences(random, count), random, 0);
      expect(new Set(deliveries.map(({ traceId }) => traceId)).size).toBe(count);
      expect(new Set(deliveries.map(({ body }) => body)).size).toBe(count);
      return JSON.stringify(deliveries);
    };
    for (const count of [1, 2, 9, 500]) expect(deliveriesAsJson(7, count)).toBe(deliveriesAsJson(7, count));
    expect(deliveriesAsJson(7, 500)).not.toBe(deliveriesAsJson(8, 500));
  });

  it.each<[what: string, events: SequenceEvent[], end: Partial<ConnectionState>]>([
    ['an error', [{ type: 'connection_error', user: 'u1' }], { status: STATUS.rejected }],
    [
      'an error and a new login',
      [
        { type: 'connection_error', user: 'u1' },
        { type: 'auth', user: 'u1', scopes: ['sleep'] },
      ],
      { status: STATUS.connected, scopes: ['sleep'] },
    ],
    [
      'a change of scopes',
      [{ type: 'permission_change', user: 'u1', scopes: null, added: ['sleep'], removed: ['daily'] }],
      { scopes: ['body', 'sleep'] },
    ],
    [
      'a swap and a late deauth of the old Terra user',
      [
        { type: 'auth', user: 'u2', scopes: ['sleep'] },
        { type: 'user_reauth', user: 'u2', oldUser: 'u1', scopes: ['sleep'] },
        { type: 'deauth', user: 'u1' },
      ],
      { terraUserId: 'u2', status: STATUS.connected, scopes: ['sleep'], terraUserIds: ['u1', 'u2'] },
    ],
    [
      'an end',
      [{ type: 'access_revoked', user: 'u1' }],
      { status: STATUS.ended, statusReason: 'access_revoked' },
    ],
  ])('lead to the expected state: %s', (_, events, end) => {
    const auth: SequenceEvent = { type: 'auth', user: 'u1', scopes: ['body', 'daily'] };
    const sequence = { referenceId: 'person-1', provider: 'GARMIN', events: [auth, ...events] };
    expect(expectedOf(sequence)).toMatchObject(end);
  });
});
