/* eslint-disable max-lines -- One table holds every scenario, below the functions that create its facts. */
import type {
  FactCause,
  FactKind,
  FactSource,
  NewFact,
} from '../../src/connections/projection/connection-fact';

/** Facts about one or two end users. Their order in the list is one order of arrival, not always that of occurrence. */
export interface Scenario {
  name: string;
  facts: NewFact[];
  /** For each current Terra user: the status of its connection, and the reason unless the status is active. */
  ends: Record<string, string>;
}

/** Minute 0 of every scenario. */
export const START = Date.UTC(2026, 10, 24, 8);
export const END_USER = 'end-user';
export const OTHER_END_USER = 'other-end-user';

type More = Partial<NewFact>;

export function fact(
  terraUserId: string,
  minute: number,
  [kind, cause, source]: [FactKind, FactCause, FactSource],
  more: More = {},
): NewFact {
  return { terraUserId, kind, cause, source, occurredAt: new Date(START + minute * 60_000), ...more };
}

// The functions below create facts about END_USER at GARMIN, unless `more` says otherwise. A minute counts from START.
const LINK = { referenceId: END_USER, provider: 'GARMIN', scopes: ['a', 'b'] };
export const auth = (user: string, minute: number, more: More = {}): NewFact =>
  fact(user, minute, ['linked', 'auth', 'webhook'], { ...LINK, ...more });
const callback = (user: string, minute: number, more: More = {}): NewFact =>
  fact(user, minute, ['linked', 'callback', 'callback'], { ...LINK, ...more });
export const found = (user: string, minute: number): NewFact =>
  fact(user, minute, ['linked', 'found', 'sweep'], LINK);
export const reauth = (old: string | null, user: string, minute: number, more: More = {}): NewFact =>
  fact(user, minute, ['swapped', 'user_reauth', 'webhook'], {
    ...LINK,
    oldTerraUserId: old,
    oldReferenceId: old === null ? null : END_USER,
    ...more,
  });
export const reconnect = (old: string, user: string, minute: number): NewFact =>
  fact(user, minute, ['swapped', 'reconnect', 'callback'], { ...LINK, scopes: null, oldTerraUserId: old });
export const replaced = (old: string, user: string, minute: number): NewFact =>
  fact(user, minute, ['swapped', 'replaced', 'reconcile'], { ...LINK, scopes: null, oldTerraUserId: old });
export const deauth = (user: string, minute: number): NewFact =>
  fact(user, minute, ['ended', 'deauth', 'webhook']);
export const revoked = (user: string, minute: number): NewFact =>
  fact(user, minute, ['ended', 'access_revoked', 'webhook']);
export const accepted = (user: string, minute: number, more: More = {}): NewFact =>
  fact(user, minute, ['linked', 'owner_accepted', 'api'], {
    ...LINK,
    referenceId: OTHER_END_USER,
    oldReferenceId: END_USER,
    actor: 'a test',
    reason: 'corrected at Terra',
    ...more,
  });
export const absent = (user: string, minute: number): NewFact =>
  fact(user, minute, ['ended', 'absent', 'sweep']);
export const error = (user: string, minute: number): NewFact =>
  fact(user, minute, ['failing', 'connection_error', 'webhook']);
export const recovered = (user: string, minute: number): NewFact =>
  fact(user, minute, ['recovered', 'recovered', 'reconcile']);
export const retired = (user: string, minute: number): NewFact =>
  fact(user, minute, ['failing', 'provider_retired', 'catalogue']);
export const returned = (user: string, minute: number): NewFact =>
  fact(user, minute, ['recovered', 'provider_returned', 'catalogue']);
export const permissions = (user: string, minute: number, more: More): NewFact =>
  fact(user, minute, ['scopes', 'permission_change', 'webhook'], more);
export const request = (user: string, minute: number): NewFact =>
  fact(user, minute, ['disconnect_requested', 'disconnect_requested', 'api'], { actor: 'a test' });
export const endedByUs = (user: string, minute: number): NewFact =>
  fact(user, minute, ['ended', 'disconnected_by_us', 'api']);

export const SCENARIOS: Scenario[] = [
  {
    name: 'connect: the webhook, the callback and a sweep report the same account',
    facts: [auth('A', 0), callback('A', 1), found('A', 2)],
    ends: { A: 'active' },
  },
  {
    name: 'reconnect, with the end of the old Terra user reported late',
    facts: [auth('A', 0), auth('B', 10), reauth('A', 'B', 10), deauth('A', 11)],
    ends: { B: 'active' },
  },
  {
    name: 'reconnect that does not name the old Terra user',
    facts: [auth('A', 0), auth('B', 10), reauth(null, 'B', 10), deauth('A', 11)],
    ends: { B: 'active' },
  },
  {
    name: 'reconnect that does not name the old Terra user, when the end user has two accounts',
    facts: [
      auth('A', 0),
      auth('B', 1),
      auth('C', 10),
      reauth(null, 'C', 10),
      permissions('B', 12, { scopes: ['z'] }),
    ],
    ends: { A: 'active', B: 'active', C: 'active' },
  },
  {
    name: 'reconnect of a failing account, and a later permission change of the old Terra user',
    facts: [
      auth('A', 0),
      error('A', 5),
      reauth('A', 'B', 10, { scopes: null }),
      permissions('A', 12, { scopesAdded: ['c'] }),
      error('B', 20),
    ],
    ends: { B: 'needs_reauth connection_error' },
  },
  {
    name: 'the provider is retired, and data of it still arrives',
    facts: [auth('A', 0), retired('A', 10), found('A', 12), recovered('A', 15)],
    ends: { A: 'needs_reauth provider_retired' },
  },
  {
    name: 'the provider is retired and returns, but the account had failed by itself before',
    facts: [auth('A', 0), error('A', 5), retired('A', 10), returned('A', 20)],
    ends: { A: 'needs_reauth connection_error' },
  },
  {
    name: 'the provider is retired, returns, and is retired again; the end user then connects once more',
    facts: [auth('A', 0), retired('A', 10), returned('A', 20), retired('A', 30), auth('A', 40)],
    ends: { A: 'active' },
  },
  {
    name: 'two swaps in a row, one of them without the old Terra user',
    facts: [
      auth('A', 0),
      reauth('A', 'B', 10),
      auth('B', 10),
      reauth(null, 'C', 20),
      auth('C', 20),
      deauth('B', 21),
    ],
    ends: { C: 'active' },
  },
  {
    name: 'two swaps of one Terra user, and two swaps that form a circle',
    facts: [
      auth('A', 0),
      reauth('A', 'B', 10),
      reauth('A', 'C', 11),
      auth('D', 0),
      reauth('D', 'E', 10),
      reauth('E', 'D', 12),
    ],
    ends: { C: 'active', D: 'active' },
  },
  {
    name: 'the new Terra user ends soon after the swap',
    facts: [auth('A', 0), auth('B', 10), reauth('A', 'B', 10), revoked('B', 15), error('B', 16)],
    ends: { B: 'disconnected access_revoked' },
  },
  {
    name: 'an end, with facts from before and after the end',
    facts: [auth('A', 0), error('A', 5), deauth('A', 10), callback('A', 12), revoked('A', 15)],
    ends: { A: 'disconnected deauth' },
  },
  {
    name: 'moved: another end user reconnects the account',
    facts: [
      auth('A', 0),
      auth('B', 10, { referenceId: OTHER_END_USER }),
      reauth('A', 'B', 10, { referenceId: OTHER_END_USER }),
      deauth('A', 11),
      error('B', 12),
    ],
    ends: { A: 'moved moved', B: 'needs_reauth connection_error' },
  },
  {
    name: 'moved: a failing account, and the first end user connects another account instead',
    facts: [
      auth('A', 0),
      error('A', 5),
      reauth('A', 'B', 10, { referenceId: OTHER_END_USER }),
      auth('C', 20),
      reconnect('A', 'C', 20),
      error('C', 30),
    ],
    ends: { B: 'active', C: 'needs_reauth connection_error' },
  },
  {
    name: 'moved: a connection that a caller has asked us to disconnect',
    facts: [
      auth('A', 0),
      request('A', 9),
      reauth('A', 'B', 10, { referenceId: OTHER_END_USER }),
      endedByUs('A', 11),
    ],
    ends: { A: 'moved moved', B: 'active' },
  },
  {
    name: 'reconnect after a caller asked us to disconnect, then an error',
    facts: [auth('A', 0), request('A', 10), reauth('A', 'B', 20), error('B', 30)],
    ends: { B: 'needs_reauth connection_error' },
  },
  {
    name: 'claimed: facts name two end users as the owner of one Terra user',
    facts: [
      auth('A', 0),
      auth('A', 10, { referenceId: OTHER_END_USER, scopes: ['stolen'] }),
      error('A', 12),
      callback('A', 20),
    ],
    ends: { A: 'active' },
  },
  {
    name: 'accepted: an operator changes the owner, and later claims of the former owner change nothing',
    facts: [auth('A', 0), error('A', 5), accepted('A', 10), auth('A', 20), recovered('A', 25)],
    ends: { A: 'active' },
  },
  {
    name: 'accepted: an operator changes the owner of a reconnected account, then back to the first',
    facts: [
      auth('A', 0),
      reauth('A', 'B', 5),
      accepted('B', 10),
      error('B', 12),
      accepted('B', 20, { referenceId: END_USER, oldReferenceId: OTHER_END_USER }),
    ],
    ends: { B: 'needs_reauth connection_error' },
  },
  {
    name: 'accepted: the former owner keeps what the account was before its reconnect, as moved',
    facts: [auth('A', 0), deauth('A', 4), reconnect('A', 'B', 5), accepted('B', 10), deauth('B', 20)],
    ends: { A: 'moved moved', B: 'disconnected deauth' },
  },
  {
    name: 'permission changes, as all scopes and as changes',
    facts: [
      auth('A', 0),
      permissions('A', 1, { scopesAdded: ['c'] }),
      permissions('A', 2, { scopesRemoved: ['a'] }),
      permissions('A', 3, { scopes: [], scopesRemoved: ['b', 'c'] }),
      permissions('A', 4, { scopesAdded: ['d'] }),
    ],
    ends: { A: 'active' },
  },
  {
    name: 'the end user withdraws every permission',
    facts: [
      auth('A', 0),
      permissions('A', 1, { scopesAdded: ['c'] }),
      permissions('A', 3, { scopes: [], scopesRemoved: ['a', 'b', 'c'] }),
      found('A', 2),
    ],
    ends: { A: 'needs_reauth missing_scopes' },
  },
  {
    name: 'error and recovery, twice',
    facts: [auth('A', 0), error('A', 1), recovered('A', 2), error('A', 3), callback('A', 4)],
    ends: { A: 'active' },
  },
  {
    name: 'disconnected by us, with Terra’s own report of the end and a late callback',
    facts: [auth('A', 0), request('A', 10), endedByUs('A', 12), deauth('A', 11), callback('A', 1)],
    ends: { A: 'disconnected disconnected_by_us' },
  },
  {
    name: 'disconnected by us while the end user reconnects the account',
    facts: [
      auth('A', 0),
      reauth('A', 'B', 9),
      request('A', 10),
      endedByUs('A', 11),
      request('B', 12),
      endedByUs('B', 13),
    ],
    ends: { B: 'disconnected disconnected_by_us' },
  },
  {
    name: 'reconnect after a caller asked us to disconnect',
    facts: [auth('A', 0), request('A', 10), reauth('A', 'B', 20), auth('B', 20), endedByUs('A', 21)],
    ends: { B: 'active' },
  },
  {
    name: 'reconnect through a session that names the ended connection',
    facts: [auth('A', 0), deauth('A', 10), auth('B', 20), reconnect('A', 'B', 20), error('B', 30)],
    ends: { B: 'needs_reauth connection_error' },
  },
  {
    name: 'reconnect through a session, then a second request to end the old Terra user, which Terra still lists',
    facts: [
      auth('A', 0),
      request('A', 10),
      endedByUs('A', 11),
      auth('B', 20),
      reconnect('A', 'B', 20),
      request('A', 90),
    ],
    ends: { B: 'active' },
  },
  {
    name: 'reconnect of a failing account through a session: Terra reports no swap and no longer lists the old Terra user',
    facts: [auth('A', 0), error('A', 5), auth('B', 20), reconnect('A', 'B', 20), absent('A', 90)],
    ends: { B: 'active' },
  },
  {
    name: 'reconnect that names no end user, and an earlier fact that names one',
    facts: [auth('A', 0), reauth('A', 'B', 10, { referenceId: null }), error('B', 12), deauth('A', 11)],
    ends: { B: 'needs_reauth connection_error' },
  },
  {
    name: 'reconnect through a session that names a live connection, and a later error of the old Terra user',
    facts: [auth('A', 0), auth('B', 20), reconnect('A', 'B', 20), error('A', 30)],
    ends: { B: 'active' },
  },
  {
    name: 'reconnect through a session that names a live connection, with user_reauth and the end of the old Terra user',
    facts: [auth('A', 0), auth('B', 20), reconnect('A', 'B', 20), reauth('A', 'B', 21), deauth('A', 25)],
    ends: { B: 'active' },
  },
  {
    name: 'reconnect through a session of an end user with two accounts, and user_reauth without the old Terra user',
    facts: [auth('A', 0), auth('O', 1), auth('B', 20), reconnect('A', 'B', 20), reauth(null, 'B', 21)],
    ends: { B: 'active', O: 'active' },
  },
  {
    name: 'API version 2022-12-12: only auth reports the reconnect, and Terra no longer has the old Terra user',
    facts: [auth('A', 0), auth('B', 20), replaced('A', 'B', 20), error('B', 30)],
    ends: { B: 'needs_reauth connection_error' },
  },
  {
    name: 'reconnect concluded from Terra’s answers, then user_reauth and the end of the old Terra user',
    facts: [auth('A', 0), auth('B', 20), replaced('A', 'B', 20), reauth('A', 'B', 21), deauth('A', 19.5)],
    ends: { B: 'active' },
  },
  {
    name: 'two reconnects in a row, the first concluded, the second reported without the old Terra user',
    facts: [
      auth('A', 0),
      auth('B', 10),
      replaced('A', 'B', 10),
      auth('C', 20),
      reauth(null, 'C', 20),
      deauth('B', 21),
    ],
    ends: { C: 'active' },
  },
  {
    name: 'missing from the lists, and listed again',
    facts: [auth('A', 0), absent('A', 10), found('A', 20), error('A', 5)],
    ends: { A: 'needs_reauth connection_error' },
  },
  {
    name: 'an account whose owner becomes known last',
    facts: [
      auth('A', 0, { referenceId: null }),
      error('A', 1),
      permissions('A', 2, { scopesRemoved: ['b'] }),
      callback('A', 3, { scopes: null }),
      error('A', 4),
    ],
    ends: { A: 'needs_reauth connection_error' },
  },
  {
    name: 'callback, webhooks and sweep mixed over a reconnect',
    facts: [
      auth('A', 0),
      callback('A', 1),
      error('A', 5),
      auth('B', 10),
      reauth('A', 'B', 10),
      found('B', 12),
      deauth('A', 11),
    ],
    ends: { B: 'active' },
  },
];

/** Ten facts: too many to try all of their 3,628,800 orders. */
export const LONG_SCENARIO: Scenario = {
  name: 'two years of one end user with two accounts',
  facts: [
    auth('A', 0),
    auth('X', 1, { provider: 'OURA' }),
    error('A', 10),
    reauth('A', 'B', 20),
    permissions('B', 30, { scopesRemoved: ['a'] }),
    reauth(null, 'C', 40, { scopes: null }),
    deauth('B', 41),
    revoked('X', 50),
    error('C', 60),
    request('C', 70),
  ],
  ends: { C: 'disconnecting disconnect_requested', X: 'disconnected access_revoked' },
};
