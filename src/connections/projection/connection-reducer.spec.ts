/* eslint-disable max-lines -- One table holds every rule of the reducer, so that a reader sees which cases are missing. */
import { isDeepStrictEqual } from 'node:util';
import {
  absent,
  auth,
  deauth,
  endedByUs,
  error,
  found,
  LONG_SCENARIO,
  OTHER_END_USER,
  permissions,
  END_USER,
  reauth,
  reconnect,
  recovered,
  replaced,
  request,
  revoked,
  SCENARIOS,
  START,
} from '../../../test/support/connection-scenarios';
import { storedFact } from '../../../test/support/facts';
import { everyOrder, randomOrders } from '../../../test/support/orders';
import type { Fact, NewFact } from './connection-fact';
import {
  mayContinueAnother,
  reduceConnections,
  reduceTerraUsers,
  type ConnectionState,
} from './connection-reducer';
import type { ConnectionKey } from './connection-key';

/** A connection in the words of the tables below. Times are minutes after the start of the scenario. */
interface Connection {
  of: string;
  terraUserId: string;
  /** With its reason, unless it is active. */
  status: string;
  statusAt: number;
  scopes: string[];
  /** All Terra users of the connection. */
  terraUsers: string[];
  /** The Terra user that replaced another, by the other's id. */
  supersededBy: Record<string, string>;
  connectedAt: number;
  disconnectedAt: number | null;
}

const minuteOf = (at: Date): number => (at.getTime() - START) / 60_000;

function described({ referenceId }: ConnectionKey, state: ConnectionState): Connection {
  const { terraUserId, status, statusReason, scopes, members, disconnectedAt } = state;
  return {
    of: referenceId,
    terraUserId,
    status: statusReason === null ? status : `${status} ${statusReason}`,
    statusAt: minuteOf(state.statusAt),
    scopes: scopes.toSorted(),
    terraUsers: members.map((member) => member.terraUserId).toSorted(),
    supersededBy: Object.fromEntries(
      members.flatMap((member) =>
        member.supersededBy ? [[member.terraUserId, member.supersededBy.terraUserId]] : [],
      ),
    ),
    connectedAt: minuteOf(state.connectedAt),
    disconnectedAt: disconnectedAt && minuteOf(disconnectedAt),
  };
}

/** The connection keys that the facts name, sorted. */
function keysOf(facts: Fact[]): ConnectionKey[] {
  const keys = [...reduceTerraUsers(facts).values()].flatMap(({ key }) => key ?? []);
  const byName = new Map(keys.map((key) => [`${key.referenceId} ${key.provider}`, key]));
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
}

/**
 * The connections that the facts give, sorted by their Terra user's id. Fails when one order gives other connections than
 * another. Each order gets the facts with ids and recording times by arrival, and one of the facts a second time.
 */
function connectionsInEvery(orders: number[][], scenario: NewFact[]): Connection[] {
  const stored = scenario.map(storedFact);
  const keys = keysOf(stored);
  const expected = keys.map((key) => reduceConnections(key, stored));
  for (const [count, order] of orders.entries()) {
    const repeated = order[count % order.length] as number;
    const arrived = [...order, repeated].map((index, arrival) => ({
      ...(stored[index] as Fact),
      id: String(arrival),
      recordedAt: new Date(START + arrival),
    }));
    const states = keys.map((key) => reduceConnections(key, arrived));
    // There are more than ten thousand orders: `expect` on each would double the time.
    if (!isDeepStrictEqual(states, expected)) expect({ order, states }).toEqual({ order, states: expected });
  }
  return keys
    .flatMap((key, index) => (expected[index] ?? []).map((state) => described(key, state)))
    .sort((a, b) => (a.terraUserId < b.terraUserId ? -1 : 1));
}

const endsOf = (connections: Connection[]): Record<string, string> =>
  Object.fromEntries(connections.map(({ terraUserId, status }) => [terraUserId, status]));

describe('Every order of the facts, with one of them twice, gives the same connections', () => {
  it.each(SCENARIOS)('$name', ({ facts, ends }) => {
    expect(endsOf(connectionsInEvery(everyOrder(facts.length), facts))).toEqual(ends);
  });

  it(`${LONG_SCENARIO.name}: 2,000 random orders`, () => {
    const { facts, ends } = LONG_SCENARIO;
    expect(endsOf(connectionsInEvery(randomOrders(facts.length, 2_000, 4711), facts))).toEqual(ends);
  });
});

const ofOther = { referenceId: OTHER_END_USER };

const RULES: Record<string, [guarantee: string, facts: NewFact[], connections: Partial<Connection>[]][]> = {
  'The owner of a Terra user': [
    [
      'is the reference of the earliest fact that names one',
      [auth('A', 0, { referenceId: null }), auth('A', 1), auth('A', 2, ofOther)],
      [{ of: END_USER, terraUserId: 'A', status: 'active' }],
    ],
    [
      'stays when another reference claims the Terra user; the claim changes neither scopes nor times',
      [auth('A', 0), auth('A', 10, { ...ofOther, scopes: ['stolen'] })],
      [{ of: END_USER, scopes: ['a', 'b'], statusAt: 0, connectedAt: 0 }],
    ],
  ],

  'An end user': [
    [
      'has one connection for each account',
      [auth('A', 0), auth('B', 0)],
      [{ terraUserId: 'A' }, { terraUserId: 'B' }],
    ],
    [
      'has one connection for each provider',
      [auth('A', 0), auth('X', 0, { provider: 'OURA' })],
      [{ terraUserId: 'A' }, { terraUserId: 'X' }],
    ],
    ['has no connection for a Terra user that no fact links', [error('A', 0), deauth('A', 1)], []],
    [
      'has no connection for the old Terra user of a swap that no fact links',
      [reauth('A', 'B', 10, ofOther)],
      [{ of: OTHER_END_USER, terraUserId: 'B' }],
    ],
  ],

  'The status': [
    ['is active since the first link', [auth('A', 3), found('A', 9)], [{ status: 'active', statusAt: 3 }]],
    [
      'is needs_reauth since the last error',
      [auth('A', 0), error('A', 5), error('A', 7)],
      [{ status: 'needs_reauth connection_error', statusAt: 7, disconnectedAt: null }],
    ],
    [
      'is active again when the end user comes through the widget again',
      [auth('A', 0), error('A', 5), auth('A', 7)],
      [{ status: 'active' }],
    ],
    [
      'is active again when Terra has had data since the error',
      [auth('A', 0), error('A', 5), recovered('A', 7)],
      [{ status: 'active' }],
    ],
    [
      'stays needs_reauth when a list names the Terra user',
      [auth('A', 0), error('A', 5), found('A', 7)],
      [{ status: 'needs_reauth connection_error' }],
    ],
    [
      'is needs_reauth when the end user takes every scope away',
      [auth('A', 0), permissions('A', 5, { scopesRemoved: ['a', 'b'] })],
      [{ status: 'needs_reauth missing_scopes', statusAt: 5, scopes: [] }],
    ],
    [
      'is disconnected since the first end, which is final',
      [auth('A', 0), revoked('A', 5), deauth('A', 6), auth('A', 7)],
      [{ status: 'disconnected access_revoked', statusAt: 5, disconnectedAt: 5, connectedAt: 0 }],
    ],
    [
      'is disconnected for an end that Terra dates before the link',
      [auth('A', 5), deauth('A', 0)],
      [{ status: 'disconnected deauth' }],
    ],
    [
      'is disconnected when the Terra user is absent from the lists',
      [auth('A', 0), absent('A', 5)],
      [{ status: 'disconnected absent', disconnectedAt: 5 }],
    ],
    [
      'is active when a list names the Terra user after it was absent',
      [auth('A', 0), absent('A', 5), found('A', 6)],
      [{ status: 'active', disconnectedAt: null }],
    ],
  ],

  'The scopes': [
    [
      'are those of the last fact that names all of them, with the changes since',
      [
        auth('A', 0, { scopes: ['old'] }),
        permissions('A', 1, { scopesAdded: ['lost'] }),
        permissions('A', 2, { scopes: ['x', 'y'] }),
        permissions('A', 3, { scopesAdded: ['z'], scopesRemoved: ['x'] }),
      ],
      [{ scopes: ['y', 'z'] }],
    ],
    [
      'stay when a reconnect names none',
      [auth('A', 0), reauth('A', 'B', 10, { scopes: null })],
      [{ terraUserId: 'B', scopes: ['a', 'b'] }],
    ],
    [
      'are those of the new Terra user, whatever the old one reports later',
      [auth('A', 0), reauth('A', 'B', 10, { scopes: ['new'] }), permissions('A', 20, { scopes: ['old'] })],
      [{ terraUserId: 'B', scopes: ['new'] }],
    ],
  ],

  'A reconnect': [
    [
      'replaces the old Terra user in the same connection',
      [auth('A', 0), reauth('A', 'B', 10)],
      [{ terraUserId: 'B', status: 'active', statusAt: 10, connectedAt: 0, terraUsers: ['A', 'B'] }],
    ],
    [
      'makes an end of the old Terra user irrelevant, before and after the reconnect',
      [auth('A', 0), deauth('A', 5), reauth('A', 'B', 10), revoked('A', 15)],
      [{ terraUserId: 'B', status: 'active', terraUsers: ['A', 'B'] }],
    ],
    [
      'leaves an error of the old Terra user behind',
      [auth('A', 0), error('A', 5), reauth('A', 'B', 10), error('A', 15)],
      [{ terraUserId: 'B', status: 'active' }],
    ],
    [
      'of a reconnect keeps the connection',
      [auth('A', 0), reauth('A', 'B', 10), reauth('B', 'C', 20)],
      [{ terraUserId: 'C', connectedAt: 0, supersededBy: { A: 'B', B: 'C' } }],
    ],
    [
      'of a Terra user that another reconnect has replaced replaces the latest one',
      [auth('A', 0), reauth('A', 'B', 10), reauth('A', 'C', 20)],
      [{ terraUserId: 'C', supersededBy: { A: 'B', B: 'C' } }],
    ],
    [
      'that goes back to the first Terra user makes it the current one',
      [auth('A', 0), reauth('A', 'B', 10), reauth('B', 'A', 20)],
      [{ terraUserId: 'A', status: 'active', supersededBy: { A: 'B', B: 'A' } }],
    ],
    [
      'that goes back to a Terra user that has ended keeps the living one',
      [auth('A', 0), reauth('A', 'B', 10), reauth('B', 'A', 20), deauth('A', 25)],
      [{ terraUserId: 'B', status: 'active' }],
    ],
    [
      'that goes back in one instant keeps the Terra user that was linked last',
      [auth('A', 0), reauth('A', 'B', 10), reauth('B', 'A', 10)],
      [{ terraUserId: 'B', status: 'active' }],
    ],
    [
      'that leaves such a circle makes the new Terra user the current one',
      [auth('A', 0), reauth('A', 'B', 10), reauth('B', 'A', 20), reauth('A', 'C', 30)],
      [{ terraUserId: 'C', status: 'active', supersededBy: { A: 'C', B: 'A' } }],
    ],
    [
      'of a Terra user by itself changes nothing',
      [auth('A', 0), reauth('A', 'A', 10)],
      [{ terraUserId: 'A', status: 'active', supersededBy: {} }],
    ],
    [
      'that names no reference belongs to the owner of the old Terra user',
      [auth('A', 0), reauth('A', 'B', 10, { referenceId: null })],
      [{ of: END_USER, terraUserId: 'B', terraUsers: ['A', 'B'] }],
    ],
    [
      'that another end user claims replaces no Terra user',
      [auth('A', 0), auth('B', 1), reauth('A', 'B', 10, { ...ofOther, oldReferenceId: null })],
      [
        { of: END_USER, terraUserId: 'A', status: 'active' },
        { of: END_USER, terraUserId: 'B', status: 'active' },
      ],
    ],
  ],

  'A reconnect that does not name the old Terra user': [
    [
      'replaces the only Terra user that it can mean',
      [auth('A', 0), reauth(null, 'B', 10)],
      [{ terraUserId: 'B', terraUsers: ['A', 'B'] }],
    ],
    [
      'replaces a Terra user that ended less than a minute before',
      [auth('A', 0), deauth('A', 9.5), reauth(null, 'B', 10)],
      [{ terraUserId: 'B', status: 'active', terraUsers: ['A', 'B'] }],
    ],
    [
      'leaves alone a Terra user that had ended long before',
      [auth('A', 0), deauth('A', 5), reauth(null, 'B', 10)],
      [
        { terraUserId: 'A', status: 'disconnected deauth' },
        { terraUserId: 'B', status: 'active' },
      ],
    ],
    [
      'leaves alone a Terra user that was linked later',
      [auth('A', 20), reauth(null, 'B', 10)],
      [{ terraUserId: 'A' }, { terraUserId: 'B' }],
    ],
    [
      'leaves alone two Terra users that it can mean',
      [auth('A', 0), auth('B', 1), reauth(null, 'C', 10)],
      [{ terraUserId: 'A' }, { terraUserId: 'B' }, { terraUserId: 'C' }],
    ],
    [
      'replaces the latest Terra user of a chain of reconnects',
      [auth('A', 0), reauth('A', 'B', 5), reauth(null, 'C', 10)],
      [{ terraUserId: 'C', terraUsers: ['A', 'B', 'C'] }],
    ],
    [
      'replaces no other when another fact names the old Terra user',
      [auth('A', 0), auth('B', 1), reauth('A', 'C', 10), reauth(null, 'C', 10)],
      [
        { terraUserId: 'B', status: 'active' },
        { terraUserId: 'C', terraUsers: ['A', 'C'] },
      ],
    ],
  ],

  'A reconnect by another end user': [
    [
      'moves the old connection and makes a new one for the other end user',
      [auth('A', 0), reauth('A', 'B', 10, ofOther)],
      [
        { of: END_USER, terraUserId: 'A', status: 'moved moved', statusAt: 10, disconnectedAt: 10 },
        { of: OTHER_END_USER, terraUserId: 'B', status: 'active', connectedAt: 10 },
      ],
    ],
    [
      'counts more than a request and an end of the old Terra user',
      [auth('A', 0), request('A', 5), reauth('A', 'B', 10, ofOther), endedByUs('A', 11)],
      [
        { terraUserId: 'A', status: 'moved moved', statusAt: 10 },
        { terraUserId: 'B', status: 'active' },
      ],
    ],
    [
      'moves the old connection at the first such reconnect',
      [auth('A', 0), reauth('A', 'B', 10, ofOther), reauth('A', 'C', 20, ofOther)],
      [{ terraUserId: 'A', statusAt: 10 }, { terraUserId: 'B' }, { terraUserId: 'C' }],
    ],
    [
      'moves nothing when only a session of the other end user reports it',
      [auth('A', 0), deauth('A', 5), auth('B', 20, ofOther), { ...reconnect('A', 'B', 20), ...ofOther }],
      [
        { terraUserId: 'A', status: 'disconnected deauth' },
        { terraUserId: 'B', status: 'active' },
      ],
    ],
  ],

  'A session that names a connection': [
    [
      'replaces a Terra user that has ended',
      [auth('A', 0), deauth('A', 10), auth('B', 20), reconnect('A', 'B', 20)],
      [{ terraUserId: 'B', status: 'active', connectedAt: 0, terraUsers: ['A', 'B'] }],
    ],
    [
      'replaces a Terra user that ends less than a minute later',
      [auth('A', 0), auth('B', 20), reconnect('A', 'B', 20), deauth('A', 20.5)],
      [{ terraUserId: 'B', terraUsers: ['A', 'B'] }],
    ],
    [
      'replaces a Terra user that moved',
      [auth('A', 0), reauth('A', 'M', 10, ofOther), auth('B', 20), reconnect('A', 'B', 20)],
      [
        { terraUserId: 'B', status: 'active', terraUsers: ['A', 'B'] },
        { of: OTHER_END_USER, terraUserId: 'M' },
      ],
    ],
    [
      'replaces a Terra user that later lists lack',
      [auth('A', 0), auth('B', 20), reconnect('A', 'B', 20), absent('A', 90)],
      [{ terraUserId: 'B', terraUsers: ['A', 'B'] }],
    ],
    [
      'replaces a live Terra user at once',
      [auth('A', 0), auth('B', 20), reconnect('A', 'B', 20)],
      [{ terraUserId: 'B', status: 'active', connectedAt: 0, terraUsers: ['A', 'B'] }],
    ],
    [
      'replaces a Terra user that ends much later',
      [auth('A', 0), auth('B', 20), reconnect('A', 'B', 20), deauth('A', 22)],
      [{ terraUserId: 'B', status: 'active', terraUsers: ['A', 'B'] }],
    ],
    [
      'replaces the current Terra user if a reauth has replaced the named one',
      [auth('A', 0), reauth('A', 'B', 10), auth('C', 20), reconnect('A', 'C', 20), deauth('A', 11)],
      [{ terraUserId: 'C', status: 'active', supersededBy: { A: 'B', B: 'C' } }],
    ],
    [
      'keeps the named connection when a later reauth names no old Terra user',
      [auth('A', 0), auth('O', 0), deauth('O', 5), reauth(null, 'B', 10), reconnect('O', 'B', 10)],
      [{ terraUserId: 'A' }, { terraUserId: 'B', status: 'active', terraUsers: ['B', 'O'] }],
    ],
    [
      'that names the Terra user itself changes nothing',
      [auth('A', 0), deauth('A', 10), reconnect('A', 'A', 20)],
      [{ terraUserId: 'A', status: 'disconnected deauth', supersededBy: {} }],
    ],
    [
      'replaces no other when a reauth has already replaced one',
      [auth('A', 0), auth('O', 0), deauth('O', 5), reauth('A', 'B', 10), reconnect('O', 'B', 10)],
      [
        { terraUserId: 'B', terraUsers: ['A', 'B'] },
        { terraUserId: 'O', status: 'disconnected deauth' },
      ],
    ],
  ],

  'A replacement that Terra’s answers prove': [
    [
      'continues the connection of the absent Terra user',
      [auth('A', 0), auth('O', 1), auth('B', 20), replaced('A', 'B', 20)],
      [{ terraUserId: 'B', terraUsers: ['A', 'B'], connectedAt: 0 }, { terraUserId: 'O' }],
    ],
    [
      'changes nothing when Terra reports another one',
      [auth('A', 0), auth('O', 1), auth('B', 20), replaced('A', 'B', 20), reauth('O', 'B', 21)],
      [{ terraUserId: 'A' }, { terraUserId: 'B', terraUsers: ['B', 'O'] }],
    ],
  ],

  'A request to disconnect': [
    [
      'makes the connection disconnecting at once',
      [auth('A', 0), request('A', 10)],
      [{ status: 'disconnecting disconnect_requested', statusAt: 10, disconnectedAt: null }],
    ],
    [
      'counts more than an error',
      [auth('A', 0), request('A', 10), error('A', 12)],
      [{ status: 'disconnecting disconnect_requested' }],
    ],
    [
      'is the reason of the end that Terra reports for it',
      [auth('A', 0), request('A', 10), deauth('A', 11)],
      [{ status: 'disconnected disconnected_by_us', statusAt: 11 }],
    ],
    [
      'is not the reason when the end user revoked the access',
      [auth('A', 0), request('A', 10), revoked('A', 11)],
      [{ status: 'disconnected access_revoked' }],
    ],
    [
      'holds for a Terra user that replaced the named one before the request',
      [auth('A', 0), reauth('A', 'B', 9), request('A', 10)],
      [{ terraUserId: 'B', status: 'disconnecting disconnect_requested', statusAt: 10 }],
    ],
    [
      'counts from the last one, for a Terra user that replaced both before',
      [auth('A', 0), reauth('A', 'B', 5), reauth('B', 'C', 9), request('A', 10), request('B', 12)],
      [{ terraUserId: 'C', status: 'disconnecting disconnect_requested', statusAt: 12 }],
    ],
    [
      'does not hold for a Terra user that the end user connects later',
      [auth('A', 0), request('A', 10), reauth('A', 'B', 20)],
      [{ terraUserId: 'B', status: 'active' }],
    ],
    [
      'for a Terra user that had long ended concerns that one only',
      [auth('A', 0), deauth('A', 5), reauth('A', 'B', 10), request('A', 90)],
      [{ terraUserId: 'B', status: 'active' }],
    ],
    [
      'for the current Terra user holds even when Terra dates the link later',
      [request('A', 10), auth('A', 11)],
      [{ status: 'disconnecting disconnect_requested' }],
    ],
  ],
};

describe.each(Object.entries(RULES))('%s', (_subject, rows) => {
  it.each(rows)('%s', (_guarantee, facts, connections) => {
    const all = connectionsInEvery(everyOrder(facts.length), facts);
    // What a row leaves out may be anything; what it names is exact.
    const named = all.map((connection, index) =>
      Object.fromEntries(Object.entries(connection).filter(([name]) => name in (connections[index] ?? {}))),
    );
    expect(named).toEqual(connections);
  });
});

it('reduceTerraUsers knows the old Terra user of a swap, too', () => {
  const states = reduceTerraUsers([storedFact(reauth('A', 'B', 0))]);
  expect([...states.keys()].sort()).toEqual(['A', 'B']);
  expect(states.get('A')).toMatchObject({
    key: { referenceId: END_USER, provider: 'GARMIN' },
    linkedAt: null,
  });
});

describe('A new connection may continue another one', () => {
  const mayContinue = (facts: NewFact[], known: string[], terraUserId: string): boolean => {
    const states = reduceConnections({ referenceId: END_USER, provider: 'GARMIN' }, facts.map(storedFact));
    const state = states.find((one) => one.terraUserId === terraUserId) as ConnectionState;
    return mayContinueAnother(state, states, (other) => known.includes(other.terraUserId));
  };

  it.each<[string, boolean, NewFact[], string[], string]>([
    ['if another is live', true, [auth('A', 0), auth('B', 10)], ['A'], 'B'],
    ['if another needs reauthorization', true, [auth('A', 0), error('A', 5), auth('B', 10)], ['A'], 'B'],
    ['if another is disconnecting', true, [auth('A', 0), request('A', 5), auth('B', 10)], ['A'], 'B'],
    ['if a later one is known already', true, [auth('A', 0), auth('B', 10)], ['B'], 'A'],
    ['if both are new, and it is the later', true, [auth('A', 0), auth('B', 10)], [], 'B'],
    ['not if both are new, and it is the earlier', false, [auth('A', 0), auth('B', 10)], [], 'A'],
    ['not if it is the only one', false, [auth('A', 0)], [], 'A'],
    ['not if the other has ended', false, [auth('A', 0), deauth('A', 5), auth('B', 10)], ['A'], 'B'],
    ['not if it has ended itself', false, [auth('A', 0), auth('B', 10), deauth('B', 11)], ['A'], 'B'],
  ])('%s', (_case, expected, facts, known, terraUserId) => {
    expect(mayContinue(facts, known, terraUserId)).toBe(expected);
  });
});
