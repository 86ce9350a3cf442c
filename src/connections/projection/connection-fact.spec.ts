import { auth, fact } from '../../../test/support/connection-scenarios';
import { storedFact } from '../../../test/support/facts';
import { compareFacts, FACT_KINDS, factKey, type Fact, type NewFact } from './connection-fact';

describe('The order of facts', () => {
  const sorted = (facts: Fact[]): Fact[] => facts.toSorted(compareFacts);

  it('is by occurredAt, not by id or recordedAt', () => {
    const [early, late] = [storedFact(auth('A', 0)), storedFact(auth('A', 1))];
    const recordedFirst = { ...late, id: '0', recordedAt: new Date(0) };
    expect(sorted([recordedFirst, early])).toEqual([early, recordedFirst]);
  });

  it('is from the link to the end in one instant, whatever their keys', () => {
    const facts = FACT_KINDS.map((kind, rank) => ({
      ...storedFact(fact('A', 0, [kind, 'auth', 'webhook'])),
      key: String(FACT_KINDS.length - rank),
    }));
    expect(sorted(facts.toReversed()).map(({ kind }) => kind)).toEqual(FACT_KINDS);
  });

  it('is by key for one kind in one instant', () => {
    const facts = ['a', 'b', 'c'].map((key) => ({ ...storedFact(auth('A', 0)), key }));
    expect(sorted(facts.toReversed())).toEqual(facts);
  });
});

describe('The key of a fact', () => {
  const whole = auth('A', 0, {
    oldTerraUserId: 'O',
    oldReferenceId: 'r',
    scopesAdded: ['x'],
    scopesRemoved: ['y'],
  });
  const key = (change: Partial<NewFact>): string => factKey({ ...whole, ...change }).toString('hex');

  it.each<[field: string, change: Partial<NewFact>]>([
    ['source', { source: 'sweep' }],
    ['delivery', { sourceId: 'another' }],
    ['actor', { actor: 'another' }],
    ['reason', { reason: 'another' }],
  ])('stays when another %s reports the fact', (_field, change) => {
    expect(key(change)).toBe(key({}));
  });

  it.each<[field: string, change: Partial<NewFact>]>([
    ['Terra user', { terraUserId: 'B' }],
    ['kind', { kind: 'swapped' }],
    ['cause', { cause: 'found' }],
    ['time', { occurredAt: new Date(whole.occurredAt.getTime() + 1) }],
    ['reference', { referenceId: 'another' }],
    ['provider', { provider: 'OURA' }],
    ['old Terra user', { oldTerraUserId: 'P' }],
    ['old reference', { oldReferenceId: 's' }],
    ['list of scopes', { scopes: [] }],
    ['added scope', { scopesAdded: [] }],
    ['removed scope', { scopesRemoved: [] }],
  ])('changes with the %s', (_field, change) => {
    expect(key(change)).not.toBe(key({}));
  });

  it('is the same for what is left out and what is null or empty', () => {
    const { terraUserId, kind, cause, source, occurredAt } = whole;
    const short: NewFact = { terraUserId, kind, cause, source, occurredAt };
    const long = { ...short, referenceId: null, scopes: null, scopesAdded: [], scopesRemoved: [] };
    expect(factKey(long)).toEqual(factKey(short));
  });
});
