import { SeededRandom } from '../../../test/support/seeded-random';
import { auth, deauth, error, permissions, reauth } from '../../../test/support/connection-scenarios';
import { storedFact } from '../../../test/support/facts';
import { randomFacts } from '../../../test/support/random-facts';
import type { Fact } from './connection-fact';
import { compactFacts, type Compaction } from './deciding-facts';
import { reduceTerraUser, type TerraUserState } from './terra-user-reducer';

const USER = 'U0';

function factsOf(seed: number, count: number): Fact[] {
  const facts = randomFacts(seed, count, 2).map(storedFact);
  const distinct = [...new Map(facts.map((fact) => [fact.key, fact])).values()];
  return distinct.filter(({ terraUserId, oldTerraUserId }) => [terraUserId, oldTerraUserId].includes(USER));
}

/** A late fact may change the order of the scopes, which means nothing. */
function stateOf(facts: Fact[]): TerraUserState {
  const state = reduceTerraUser(USER, facts);
  return { ...state, scopes: state.scopes && { ...state.scopes, names: state.scopes.names.toSorted() } };
}

function compacted(facts: Fact[], { covered, digests }: Compaction): Fact[] {
  return facts
    .filter((fact) => !covered.has(fact))
    .map((fact) => (digests.has(fact) ? { ...fact, scopeDigest: digests.get(fact) } : fact));
}

describe('Covered facts of a Terra user', () => {
  it('decide nothing, whatever facts arrive later', () => {
    let covered = 0;
    for (let seed = 1; seed <= 400; seed += 1) {
      const random = new SeededRandom(seed);
      const all = factsOf(seed, 20 + random.below(100));
      if (all.length === 0) continue;
      // The service forgets the covered facts after some arrivals, again and again.
      let kept: Fact[] = [];
      for (const [place, fact] of all.entries()) {
        kept.push(fact);
        if (random.chance(0.3)) {
          const needless = compactFacts(USER, kept);
          covered += needless.covered.size;
          kept = compacted(kept, needless);
        }
        expect(stateOf(kept)).toEqual(stateOf(all.slice(0, place + 1)));
      }
    }
    expect(covered).toBeGreaterThan(1_000);
  });

  it('are all but a fixed number of the events that repeat', () => {
    const decidingOf = (count: number): number => {
      const facts = Array.from({ length: count }, (_, minute) => [
        auth(USER, minute),
        error(USER, minute),
        permissions(USER, minute, { scopes: ['a', `scope ${minute}`] }),
        permissions(USER, minute, { scopesRemoved: ['a'] }),
        deauth(USER, minute),
      ]).flat();
      return facts.length - compactFacts(USER, facts.map(storedFact)).covered.size;
    };
    expect(decidingOf(1_000)).toBe(decidingOf(10));
    expect(decidingOf(10)).toBeLessThan(12);
  });

  it('are the changes of many scopes that a digest has, in whatever order they arrive', () => {
    const names = Array.from({ length: 400 }, (_, minute) => `scope ${minute}`);
    const changes = names.flatMap((name, minute) => [
      permissions(USER, minute, { scopesAdded: [name] }),
      ...(minute % 3 === 0 ? [permissions(USER, minute + 1, { scopesRemoved: [name] })] : []),
    ]);
    const all = [auth(USER, 0), ...changes].map(storedFact);
    const random = new SeededRandom(7);
    const arrivals = all.toSorted(() => random.next() - 0.5);
    let kept: Fact[] = [];
    for (const fact of arrivals) {
      kept.push(fact);
      if (kept.length >= 50) kept = compacted(kept, compactFacts(USER, kept));
    }
    expect(kept.length).toBeLessThan(50);
    expect(stateOf(kept)).toEqual(stateOf(all));
  });

  it('are no swaps, because they connect Terra users', () => {
    const swaps = [1, 2, 3].map((minute) => storedFact(reauth('old', USER, minute)));
    expect(compactFacts(USER, swaps).covered.size).toBe(0);
  });
});
