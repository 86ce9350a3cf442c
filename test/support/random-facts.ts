import type { NewFact } from '../../src/connections/projection/connection-fact';
import { SeededRandom } from './seeded-random';
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
  reauth,
  reconnect,
  recovered,
  replaced,
  request,
  retired,
  returned,
  revoked,
} from './connection-scenarios';

/** A reference that the tests erase before they record the facts. */
export const ERASED_END_USER = 'erased-end-user';

type Random = SeededRandom;
type Make = (users: readonly string[], minute: number, random: Random) => NewFact;

const one = (users: readonly string[], random: Random): string => random.pick(users);
const inactive = (user: string, minute: number): NewFact =>
  fact(user, minute, ['failing', 'inactive', 'sweep']);
const resumed = (user: string, minute: number): NewFact =>
  fact(user, minute, ['recovered', 'resumed', 'sweep']);
const SCOPES = ['a', 'b', 'c', 'd'];

// A kind that is more frequent in reality stands here more often.
const KINDS: readonly Make[] = [
  (users, minute, random) => auth(one(users, random), minute),
  (users, minute, random) => auth(one(users, random), minute),
  (users, minute, random) => auth(one(users, random), minute, { referenceId: null }),
  (users, minute, random) => auth(one(users, random), minute, { referenceId: OTHER_END_USER }),
  (users, minute, random) => auth(one(users, random), minute, { referenceId: ERASED_END_USER }),
  (users, minute, random) => auth(one(users, random), minute, { provider: 'FITBIT', scopes: [] }),
  (users, minute, random) => found(one(users, random), minute),
  (users, minute, random) => reauth(one(users, random), one(users, random), minute),
  (users, minute, random) => reauth(null, one(users, random), minute),
  (users, minute, random) =>
    reauth(one(users, random), one(users, random), minute, { referenceId: OTHER_END_USER }),
  (users, minute, random) => reconnect(one(users, random), one(users, random), minute),
  (users, minute, random) => replaced(one(users, random), one(users, random), minute),
  (users, minute, random) => deauth(one(users, random), minute),
  (users, minute, random) => revoked(one(users, random), minute),
  (users, minute, random) => absent(one(users, random), minute),
  (users, minute, random) => error(one(users, random), minute),
  (users, minute, random) => recovered(one(users, random), minute),
  (users, minute, random) => resumed(one(users, random), minute),
  (users, minute, random) => inactive(one(users, random), minute),
  (users, minute, random) => retired(one(users, random), minute),
  (users, minute, random) => returned(one(users, random), minute),
  (users, minute, random) => request(one(users, random), minute),
  (users, minute, random) => endedByUs(one(users, random), minute),
  (users, minute, random) => accepted(one(users, random), minute),
  (users, minute, random) =>
    permissions(one(users, random), minute, { scopesAdded: [random.pick(SCOPES)], scopesRemoved: [] }),
  (users, minute, random) =>
    permissions(one(users, random), minute, { scopesRemoved: [random.pick(SCOPES)] }),
  (users, minute, random) =>
    permissions(one(users, random), minute, { scopes: random.chance(0.3) ? [] : [random.pick(SCOPES)] }),
];

/** Random facts of every kind about a few Terra users, in a random order of arrival. The same seed gives the same facts. */
export function randomFacts(seed: number, count: number, userCount: number): NewFact[] {
  const random = new SeededRandom(seed);
  const users = Array.from({ length: userCount }, (_, index) => `U${index}`);
  return Array.from({ length: count }, () => random.pick(KINDS)(users, random.below(count), random));
}
