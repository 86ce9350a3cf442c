import type { DataSubject } from '../../database';
import type { Fact } from './connection-fact';

/** The ids of one end user. Every other reference id and Terra user in a fact belongs to another end user. */
export interface OwnIds extends Pick<DataSubject, 'referenceId' | 'terraUserIds'> {
  /** Terra users that an operator gave to the end user, with the time: facts from before are about the former owner. */
  ownedSince: Map<string, Date>;
}

/** A fact without what another end user reported: an id of another end user is null. */
export type OwnPart<Whole> = Omit<Whole, 'terraUserId'> & { terraUserId: string | null };

type Ids = Pick<Fact, 'terraUserId' | 'referenceId' | 'oldTerraUserId' | 'oldReferenceId'>;
type Told = Ids & Pick<Fact, 'occurredAt' | 'scopes' | 'scopesAdded' | 'scopesRemoved' | 'sourceId'>;

export function ownIdsOf(
  { referenceId, terraUserIds }: Pick<DataSubject, 'referenceId' | 'terraUserIds'>,
  facts: Pick<Fact, 'cause' | 'terraUserId' | 'referenceId' | 'occurredAt'>[],
): OwnIds {
  const ownedSince = new Map<string, Date>();
  for (const fact of facts) {
    if (fact.cause !== 'owner_accepted' || fact.referenceId !== referenceId) continue;
    const other = ownedSince.get(fact.terraUserId);
    if (!other || fact.occurredAt > other) ownedSince.set(fact.terraUserId, fact.occurredAt);
  }
  return { referenceId, terraUserIds, ownedSince };
}

/**
 * Returns the part of a fact that is the end user's own. T-16: when an account moves, or two end users claim it, one fact
 * names both of them; each may see its own ids, and the scopes that it granted itself.
 */
export function ownPartOf<Whole extends Told>(fact: Whole, own: OwnIds): OwnPart<Whole> {
  const user = (id: string | null): string | null =>
    id !== null && own.terraUserIds.includes(id) ? id : null;
  const reference = (id: string | null): string | null => (id === own.referenceId ? id : null);
  const terraUserId = user(fact.terraUserId);
  const since = own.ownedSince.get(fact.terraUserId);
  const isOwnTime = terraUserId !== null && (!since || fact.occurredAt >= since);
  const isReportedByOwn = fact.referenceId === null ? isOwnTime : reference(fact.referenceId) !== null;
  const hidden = isReportedByOwn ? {} : { scopes: null, scopesAdded: [], scopesRemoved: [], sourceId: null };
  return {
    ...fact,
    ...hidden,
    terraUserId,
    referenceId: reference(fact.referenceId),
    oldTerraUserId: user(fact.oldTerraUserId),
    oldReferenceId: reference(fact.oldReferenceId),
  };
}
