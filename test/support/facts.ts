import { factKey, type Fact, type NewFact } from '../../src/connections/projection/connection-fact';

/** A new fact as the service stores it, except that its id is its key. */
export function storedFact(fact: NewFact): Fact {
  const key = factKey(fact).toString('hex');
  return {
    referenceId: null,
    provider: null,
    oldTerraUserId: null,
    oldReferenceId: null,
    scopes: null,
    scopesAdded: [],
    scopesRemoved: [],
    actor: null,
    reason: null,
    sourceId: null,
    ...fact,
    id: key,
    key,
    recordedAt: fact.occurredAt,
  };
}
