import { compareFacts, type Fact, type ScopeMark } from './connection-fact';

/** A change of the scopes that a Terra user grants. */
export interface ScopeChange extends Pick<
  Fact,
  'kind' | 'occurredAt' | 'key' | 'referenceId' | 'scopes' | 'scopesAdded' | 'scopesRemoved'
> {
  /** The fact that has the change, itself or in its digest. */
  fact: Fact;
}

// Two keys with the same start would only order two changes of one millisecond the same way everywhere.
const KEY_LENGTH = 16;

/** The changes of scopes in the facts and their digests, in the order in which they occurred. */
export function scopeChangesOf(sorted: Fact[]): ScopeChange[] {
  const own = sorted.filter(
    ({ scopes, scopesAdded, scopesRemoved }) =>
      scopes !== null || scopesAdded.length + scopesRemoved.length > 0,
  );
  const changes = own.map((fact): ScopeChange => {
    const { kind, occurredAt, key, referenceId, scopes, scopesAdded, scopesRemoved } = fact;
    return { kind, occurredAt, key, referenceId, scopes, scopesAdded, scopesRemoved, fact };
  });
  const digested = sorted.flatMap((fact) => (fact.scopeDigest ?? []).map((mark) => changeOf(mark, fact)));
  return digested.length === 0 ? changes : [...digested, ...changes].sort(compareFacts);
}

/** The marks of a digest that has the changes. */
export function marksOf(changes: ScopeChange[]): ScopeMark[] {
  return changes.flatMap(({ occurredAt, key, scopesAdded, scopesRemoved }) => {
    const mark = (scope: string, isAdded: boolean): ScopeMark => {
      return [scope, occurredAt.getTime(), key.slice(0, KEY_LENGTH), isAdded];
    };
    return [
      ...scopesRemoved.map((scope) => mark(scope, false)),
      ...scopesAdded.map((scope) => mark(scope, true)),
    ];
  });
}

function changeOf([scope, ms, key, isAdded]: ScopeMark, fact: Fact): ScopeChange {
  return {
    kind: 'scopes',
    occurredAt: new Date(ms),
    key,
    referenceId: fact.referenceId,
    scopes: null,
    scopesAdded: isAdded ? [scope] : [],
    scopesRemoved: isAdded ? [] : [scope],
    fact,
  };
}
