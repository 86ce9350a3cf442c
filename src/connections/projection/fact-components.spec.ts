import {
  auth,
  END_USER,
  OTHER_END_USER,
  reauth,
  SCENARIOS,
} from '../../../test/support/connection-scenarios';
import { storedFact } from '../../../test/support/facts';
import { compareFacts, type Fact } from './connection-fact';
import { reduceConnections, reduceTerraUsers, type ConnectionState } from './connection-reducer';
import { FactComponents } from './fact-components';

describe('The facts that decide the status of a connection', () => {
  const unrelated = [0, 5].map((minute) => auth(`unrelated-${minute}`, minute, { provider: 'OURA' }));
  const keys = [END_USER, OTHER_END_USER].flatMap((referenceId) =>
    ['GARMIN', 'OURA'].map((provider) => ({ referenceId, provider })),
  );

  // Only the later swap of A shows that the first swap, which names no old Terra user, replaced B.
  const unnamed = {
    name: 'a reconnect whose old Terra user becomes clear later',
    facts: [
      ...[auth('A', 0), auth('B', 1), auth('C', 10), reauth(null, 'C', 10)],
      ...[auth('D', 20), reauth('A', 'D', 20)],
    ],
  };

  it.each([...SCENARIOS, unnamed])('give the same status as all facts, at each time: $name', (scenario) => {
    const facts = [...scenario.facts, ...unrelated].map(storedFact).sort(compareFacts);
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
      for (const { occurredAt } of facts) {
        const statesAt = (some: Fact[]): (ConnectionState | undefined)[] => {
          const states = reduceConnections(
            key,
            some.filter((fact) => fact.occurredAt <= occurredAt),
          );
          return members.map((id) =>
            states.find((one) => one.members.some(({ terraUserId }) => terraUserId === id)),
          );
        };
        expect(statesAt(deciding)).toEqual(statesAt(facts));
      }
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
