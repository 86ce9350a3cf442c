/* eslint-disable max-lines -- One table holds every rule about the state of one Terra user. */
import {
  absent,
  accepted,
  auth,
  deauth,
  endedByUs,
  error,
  fact,
  found,
  OTHER_END_USER,
  permissions,
  END_USER,
  reauth,
  recovered,
  request,
  retired,
  returned,
  revoked,
  START,
} from '../../../test/support/connection-scenarios';
import { storedFact } from '../../../test/support/facts';
import { everyOrder } from '../../../test/support/orders';
import type { NewFact } from './connection-fact';
import { reduceTerraUser, type TerraUserState } from './terra-user-reducer';

const at = (minute: number): Date => new Date(START + minute * 60_000);
const byEndUser = { referenceId: END_USER, provider: 'GARMIN' };
const byOther = { referenceId: OTHER_END_USER, provider: 'GARMIN' };
const nameless = { referenceId: null };
const resumed = (user: string, minute: number): NewFact =>
  fact(user, minute, ['recovered', 'resumed', 'reconcile']);
const inactive = (user: string, minute: number): NewFact =>
  fact(user, minute, ['failing', 'inactive', 'reconcile']);

/** The state of Terra user A. Fails when an order of the facts gives another state. */
function stateOfA(facts: NewFact[]): TerraUserState {
  const stored = facts.map(storedFact);
  const state = reduceTerraUser('A', stored);
  for (const order of everyOrder(stored.length)) {
    const arrived = order.map((index) => stored[index] ?? []).flat();
    expect(reduceTerraUser('A', arrived)).toEqual(state);
  }
  return state;
}

describe('The state of one Terra user', () => {
  it.each<[guarantee: string, facts: NewFact[], state: Partial<TerraUserState>]>([
    [
      'the earliest fact with a reference decides the owner',
      [auth('A', 0, nameless), auth('A', 2), auth('A', 1, { referenceId: OTHER_END_USER })],
      { key: byOther, linkedAt: at(0) },
    ],
    [
      'a fact that links no Terra user gives no owner and no time of the link',
      [error('A', 0)],
      { key: null, linkedAt: null, firstSeen: { at: at(0), cause: 'connection_error' } },
    ],
    [
      'a reference without a provider gives no owner',
      [auth('A', 0, { provider: null })],
      { key: null, linkedAt: at(0) },
    ],
    [
      'the new Terra user of a swap without a reference has the owner of the old one',
      [reauth('O', 'A', 0, nameless)],
      { key: byEndUser, linkedAt: at(0) },
    ],
    [
      'a reference of the new Terra user counts more than the owner of the old one',
      [reauth('O', 'A', 0, nameless), auth('A', 5, { referenceId: OTHER_END_USER })],
      { key: byOther },
    ],
    [
      'the old Terra user of a swap has the owner that the swap names for it',
      [reauth('A', 'B', 0, { referenceId: OTHER_END_USER })],
      { key: byEndUser, linkedAt: null },
    ],
    [
      'the old Terra user of a swap has the owner of the new one when the swap names no other',
      [reauth('A', 'B', 0, { oldReferenceId: null })],
      { key: byEndUser, linkedAt: null },
    ],
    [
      'a swap links, ends and scopes only the new Terra user',
      [auth('A', 0), reauth('A', 'B', 5, { scopes: ['of B'] })],
      { linkedAt: at(0), ended: null, scopes: { names: ['a', 'b'], at: at(0) } },
    ],
    [
      'a claim by another reference changes nothing',
      [
        auth('A', 0),
        auth('A', 5, { referenceId: OTHER_END_USER, scopes: ['stolen'] }),
        { ...deauth('A', 6), referenceId: OTHER_END_USER },
        { ...error('A', 7), referenceId: OTHER_END_USER },
      ],
      { key: byEndUser, ended: null, failing: null, scopes: { names: ['a', 'b'], at: at(0) } },
    ],
    [
      'T-16: an owner that an operator accepted counts more than the earliest fact, from any time on',
      [auth('A', 0), accepted('A', 5, { scopes: ['c'] }), auth('A', 9), error('A', 6)],
      {
        key: byOther,
        linkedAt: at(5),
        scopes: { names: ['c'], at: at(5) },
        failing: { at: at(6), cause: 'connection_error' },
      },
    ],
    [
      'the last acceptance decides',
      [
        auth('A', 0),
        accepted('A', 5),
        accepted('A', 6, { referenceId: END_USER, oldReferenceId: OTHER_END_USER }),
      ],
      { key: byEndUser, linkedAt: at(0) },
    ],
    [
      'an end and a failure from before the acceptance stay true',
      [auth('A', 0), error('A', 2), deauth('A', 3), accepted('A', 5)],
      { key: byOther, ended: { at: at(3), cause: 'deauth' } },
    ],
    [
      'the earliest fact says when we first saw the Terra user, the earliest link when it was linked',
      [error('A', 0), auth('A', 3), auth('A', 5)],
      { firstSeen: { at: at(0), cause: 'connection_error' }, linkedAt: at(3) },
    ],
    [
      'the first end is final',
      [auth('A', 0), revoked('A', 5), deauth('A', 6), auth('A', 9)],
      { ended: { at: at(5), cause: 'access_revoked' } },
    ],
    [
      'T-24: an end that we requested is ours, even if the report of Terra is the earlier one',
      [auth('A', 0), request('A', 5), deauth('A', 6), endedByUs('A', 7)],
      { ended: { at: at(6), cause: 'disconnected_by_us' } },
    ],
    [
      'an end that the end user made at the provider is not ours, even if we requested one',
      [auth('A', 0), request('A', 5), revoked('A', 6), endedByUs('A', 7)],
      { ended: { at: at(6), cause: 'access_revoked' } },
    ],
    [
      'an absence from the lists is no end when a later fact links the Terra user',
      [auth('A', 0), absent('A', 5), found('A', 6)],
      { ended: null },
    ],
    [
      'an absence from the lists is an end when every link is earlier',
      [auth('A', 0), found('A', 4), absent('A', 5)],
      { ended: { at: at(5), cause: 'absent' } },
    ],
    [
      'a reported end stays final beside an absence that gave way',
      [auth('A', 0), absent('A', 5), found('A', 6), deauth('A', 7)],
      { ended: { at: at(7), cause: 'deauth' } },
    ],
    [
      'the last error counts until the end user comes back or Terra has had data',
      [auth('A', 0), error('A', 5), recovered('A', 6), error('A', 7)],
      { failing: { at: at(7), cause: 'connection_error' } },
    ],
    ['a later recovery ends an error', [auth('A', 0), error('A', 5), recovered('A', 6)], { failing: null }],
    ['a later auth ends an error', [error('A', 5), auth('A', 6)], { failing: null }],
    ['a later reauth ends an error', [error('A', 5), reauth('O', 'A', 6)], { failing: null }],
    [
      'a list that names the Terra user ends no error',
      [auth('A', 0), error('A', 5), found('A', 6)],
      { failing: { at: at(5), cause: 'connection_error' } },
    ],
    [
      'a Terra user that Terra calls active again has recovered from its inactivity',
      [auth('A', 0), inactive('A', 5), resumed('A', 6)],
      { failing: null },
    ],
    [
      'an error of the provider outlasts that Terra calls the Terra user active again',
      [auth('A', 0), error('A', 4), inactive('A', 5), resumed('A', 6)],
      { failing: { at: at(4), cause: 'connection_error' } },
    ],
    [
      'the later one of an error and an inactivity counts',
      [auth('A', 0), inactive('A', 5), error('A', 6), resumed('A', 4)],
      { failing: { at: at(6), cause: 'connection_error' } },
    ],
    [
      'new data ends an inactivity and an error',
      [auth('A', 0), inactive('A', 5), error('A', 6), recovered('A', 7)],
      { failing: null },
    ],
    [
      'a Terra user that Terra calls inactive fails for that cause',
      [auth('A', 0), inactive('A', 5)],
      { failing: { at: at(5), cause: 'inactive' } },
    ],
    [
      'changes of scopes apply to the last fact that names all scopes',
      [
        auth('A', 0, { scopes: ['x'] }),
        permissions('A', 1, { scopes: ['y', 'z'] }),
        permissions('A', 2, { scopesAdded: ['new', 'y'], scopesRemoved: ['z'] }),
      ],
      { scopes: { names: ['y', 'new'], at: at(2) }, failing: null },
    ],
    [
      'a fact that names no scopes changes no scopes',
      [auth('A', 0), auth('A', 5, { scopes: null })],
      { scopes: { names: ['a', 'b'], at: at(0) } },
    ],
    ['scopes are unknown while no fact names them', [auth('A', 0, { scopes: null })], { scopes: null }],
    [
      'the removal of every scope is a failure since the last removal',
      [auth('A', 0), permissions('A', 5, { scopesRemoved: ['a', 'b'] })],
      { failing: { at: at(5), cause: 'missing_scopes' }, scopes: { names: [], at: at(5) } },
    ],
    [
      'an empty list of scopes without a removal is no failure',
      [auth('A', 0, { scopes: [] })],
      { failing: null, scopes: { names: [], at: at(0) } },
    ],
    [
      'a scope that comes back ends the failure',
      [
        auth('A', 0),
        permissions('A', 5, { scopesRemoved: ['a', 'b'] }),
        permissions('A', 6, { scopesAdded: ['a'] }),
      ],
      { failing: null, scopes: { names: ['a'], at: at(6) } },
    ],
    [
      'an error counts more than missing scopes',
      [auth('A', 0), permissions('A', 5, { scopesRemoved: ['a', 'b'] }), error('A', 6)],
      { failing: { at: at(6), cause: 'connection_error' } },
    ],
    [
      'a retired provider counts more than an error, and its return leaves the error',
      [auth('A', 0), error('A', 5), retired('A', 6)],
      { failing: { at: at(6), cause: 'provider_retired' } },
    ],
    [
      'data and lists do not end the retirement of a provider',
      [auth('A', 0), retired('A', 5), recovered('A', 6), found('A', 7)],
      { failing: { at: at(5), cause: 'provider_retired' } },
    ],
    [
      'the return of a provider ends its retirement, but no error of the account',
      [auth('A', 0), error('A', 5), retired('A', 6), returned('A', 7)],
      { failing: { at: at(5), cause: 'connection_error' } },
    ],
    [
      'an end user who connects once more ends the retirement',
      [auth('A', 0), retired('A', 5), auth('A', 6)],
      { failing: null },
    ],
    [
      'the last request to disconnect counts',
      [auth('A', 0), request('A', 5), request('A', 9)],
      { disconnectRequestedAt: at(9) },
    ],
    [
      'in one instant the link comes before the end, and the request before the end',
      [auth('A', 5), request('A', 5), absent('A', 5)],
      { firstSeen: { at: at(5), cause: 'auth' }, ended: { at: at(5), cause: 'absent' } },
    ],
  ])('%s', (_guarantee, facts, state) => {
    expect(stateOfA(facts)).toMatchObject(state);
  });

  it('a Terra user without facts cannot be reduced', () => {
    expect(() => reduceTerraUser('A', [])).toThrow();
  });
});
