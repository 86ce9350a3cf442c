import {
  accepted,
  auth,
  END_USER,
  error,
  OTHER_END_USER,
  permissions,
  reauth,
} from '../../../test/support/connection-scenarios';
import { storedFact } from '../../../test/support/facts';
import type { NewFact } from './connection-fact';
import { ownIdsOf, ownPartOf, type OwnIds } from './own-part';

const MINE = ownIdsOf({ referenceId: END_USER, terraUserIds: ['A'] }, []);
const OTHERS = ownIdsOf({ referenceId: OTHER_END_USER, terraUserIds: ['B'] }, []);
const moved = reauth('A', 'B', 5, { referenceId: OTHER_END_USER, scopes: ['s'], sourceId: 'event' });

describe('T-16: the part of a fact that is an end user’s own', () => {
  it.each<[string, NewFact, OwnIds, object]>([
    [
      'of a swap to another end user is the old Terra user, for the former owner',
      moved,
      MINE,
      { terraUserId: null, referenceId: null, oldTerraUserId: 'A', oldReferenceId: END_USER, scopes: null },
    ],
    [
      'of a swap from another end user is the new Terra user, for the new owner',
      moved,
      OTHERS,
      {
        terraUserId: 'B',
        referenceId: OTHER_END_USER,
        oldTerraUserId: null,
        oldReferenceId: null,
        scopes: ['s'],
        sourceId: 'event',
      },
    ],
    [
      'of a claim by another end user is the Terra user, without the scopes of the claim',
      auth('A', 5, { referenceId: OTHER_END_USER, scopes: ['s'], scopesAdded: ['t'], sourceId: 'event' }),
      MINE,
      { terraUserId: 'A', referenceId: null, scopes: null, scopesAdded: [], sourceId: null },
    ],
    [
      'of a claim to another end user’s Terra user is the claim, without the Terra user',
      auth('B', 5, { scopes: ['s'] }),
      MINE,
      { terraUserId: null, referenceId: END_USER, scopes: ['s'] },
    ],
    [
      'of an acceptance is its own reference, for the former owner',
      accepted('B', 5, { scopes: ['s'] }),
      MINE,
      { terraUserId: null, referenceId: null, oldReferenceId: END_USER, scopes: null },
    ],
    ['of a fact without a reference is the whole fact', error('A', 5), MINE, error('A', 5)],
    ['of an own fact is the whole fact', auth('A', 5), MINE, auth('A', 5)],
  ])('%s', (_guarantee, fact, own, expected) => {
    expect(ownPartOf(storedFact(fact), own)).toMatchObject(expected);
  });

  it('of a fact without a reference is nothing before an operator gave the Terra user to the end user', () => {
    const owner = { referenceId: OTHER_END_USER, terraUserIds: ['A'] };
    const own = ownIdsOf(owner, [storedFact(accepted('A', 10))]);
    const change = (minute: number): NewFact =>
      permissions('A', minute, { scopes: ['s'], scopesAdded: ['s'] });
    expect(ownPartOf(storedFact(change(5)), own)).toMatchObject({ scopes: null, scopesAdded: [] });
    expect(ownPartOf(storedFact(change(15)), own)).toMatchObject({ scopes: ['s'], scopesAdded: ['s'] });
  });
});
