import { auth, END_USER, OTHER_END_USER, SCENARIOS } from '../../../test/support/connection-scenarios';
import { storedFact } from '../../../test/support/facts';
import { compareFacts, type Fact } from './connection-fact';
import { reduceConnections, reduceTerraUsers, type ConnectionState } from './connection-reducer';
import { FactComponents } from './fact-components';

describe('The facts that decide the status of a connection', () => {
  const unrelated = [auth('unrelated-1', 0), auth('unrelated-2', 5)];
  const keys = [END_USER, OTHER_END_USER].flatMap((referenceId) =>
    ['GARMIN', 'OURA'].map((provider) => ({ referenceId, provider })),
  );

  it.each(SCENARIOS)('give the same connection as all facts: $name', ({ facts: scenario }) => {
    const facts = [...scenario, ...unrelated].map(storedFact).sort(compareFacts);
    const components = new FactComponents(facts);
    const users = [...reduceTerraUsers(facts).values()];
    const all = keys.flatMap((key) => reduceConnections(key, facts).map((state) => ({ key, state })));
    expect(all.length).toBeGreaterThan(0);
    for (const { key, state } of all) {
      const members = state.members.map(({ terraUserId }) => terraUserId);
      const ofKey = users
        .filter((user) => user.key?.referenceId === key.referenceId && user.key.provider === key.provider)
        .map(({ terraUserId }) => terraUserId);
      const deciding = components.deciding(members, ofKey);
      const again = reduceConnections(key, deciding).find(({ terraUserId }: ConnectionState) =>
        members.includes(terraUserId),
      );
      expect(again).toEqual(state);
    }
  });

  it('are not those of other accounts, so that a thousand accounts cost a thousand small reductions', () => {
    const facts: Fact[] = Array.from({ length: 1_000 }, (_, index) =>
      storedFact(auth(`user-${index}`, index)),
    );
    const ids = facts.map(({ terraUserId }) => terraUserId);
    const components = new FactComponents(facts);
    expect(ids.every((id) => components.deciding([id], ids).length === 1)).toBe(true);
  });
});
