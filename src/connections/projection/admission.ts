import { v7 as uuidv7 } from 'uuid';
import type { DeauthenticationRequest } from '../deauthentication/deauthentication.entity';
import { pseudonymOf } from '../erasure/pseudonym';
import type { Tombstones } from '../erasure/tombstone.repository';
import { factKey, type Fact, type NewFact } from './connection-fact';
import { distinctKeys, type ConnectionKey } from './connection-key';
import { FactsByUser, usersOf } from './facts-by-user';

/** A fact that the service may store; null: it is about an erased end user. */
interface AdmissionStep {
  terraUserId: string;
  fact: Fact | null;
}

/** The facts of a set, in their order, as the service may store them. */
export interface Admission {
  steps: AdmissionStep[];
  /** Each Terra user of the facts → the connection keys that it has after one of them. */
  keysOf: Map<string, ConnectionKey[]>;
  /** Terra users that the service knows only from facts about erased end users, with the time of the erasure. */
  tombstones: Map<string, Date>;
  /** Terra still has these Terra users although they are erased. */
  deauthentications: DeauthenticationRequest[];
}

/**
 * Drops facts about erased end users, and replaces other erased ids with pseudonyms. A fact that links an erased Terra user
 * proves that Terra still has this user, so the service requests its end.
 *
 * @param known the stored facts about the Terra users of the facts
 * @param erased the tombstones of all ids that the facts name
 */
export function admit(facts: NewFact[], known: Fact[], erased: Tombstones, now: Date): Admission {
  const tombstones = new Map(erased);
  const stored = new FactsByUser(known);
  const admission: Admission = { steps: [], keysOf: new Map(), tombstones: new Map(), deauthentications: [] };
  const noteKeys = (terraUserIds: string[]): void => {
    for (const id of terraUserIds) {
      const keys = [...(admission.keysOf.get(id) ?? []), stored.ownerOf(id)];
      admission.keysOf.set(id, distinctKeys(keys));
    }
  };
  noteKeys(facts.flatMap(usersOf));
  for (const fact of facts) {
    const { terraUserId } = fact;
    const erasedAt = tombstones.get(`end_user:${fact.referenceId}`) ?? null;
    const hasTombstone = tombstones.has(`terra_user:${terraUserId}`);
    if (!hasTombstone && (erasedAt === null || fact.occurredAt > erasedAt)) {
      const admitted = storable(pseudonymizeOld(fact, tombstones), now);
      stored.add(admitted);
      noteKeys(usersOf(admitted));
      admission.steps.push({ terraUserId, fact: admitted });
      continue;
    }
    admission.steps.push({ terraUserId, fact: null });
    if (fact.kind !== 'linked' && fact.kind !== 'swapped') continue;
    const owner = stored.ownerOf(terraUserId)?.referenceId ?? null;
    // A claim must not disconnect another end user's account.
    if (owner !== null && owner !== fact.referenceId) continue;
    // A known Terra user gets no tombstone yet: until the erasure completes, the service needs the facts about its end.
    if (!hasTombstone && erasedAt && owner === null) {
      admission.tombstones.set(terraUserId, erasedAt);
      tombstones.set(`terra_user:${terraUserId}`, erasedAt);
    }
    admission.deauthentications.push({
      terraUserId,
      // A pending erasure finds the request by this pseudonym, and waits for Terra's confirmation.
      referenceId: fact.referenceId && erasedAt ? pseudonymOf('end_user', fact.referenceId) : null,
      connectionId: null,
      actor: 'erasure',
      reason: 'event after the erasure',
    });
  }
  return admission;
}

// After an erasure, the end user may come back, or another end user may connect the account. Terra then names the
// erased Terra user as the old one of a swap, but no row may contain its id.
function pseudonymizeOld(fact: NewFact, tombstones: Tombstones): NewFact {
  const { oldTerraUserId: old, oldReferenceId, referenceId } = fact;
  if (old == null || !tombstones.has(`terra_user:${old}`)) return fact;
  const isOther = oldReferenceId != null && oldReferenceId !== referenceId;
  return {
    ...fact,
    oldTerraUserId: pseudonymOf('terra_user', old),
    oldReferenceId: isOther ? pseudonymOf('end_user', oldReferenceId) : oldReferenceId,
  };
}

function storable(fact: NewFact, now: Date): Fact {
  return {
    terraUserId: fact.terraUserId,
    kind: fact.kind,
    cause: fact.cause,
    source: fact.source,
    occurredAt: fact.occurredAt,
    referenceId: fact.referenceId ?? null,
    provider: fact.provider ?? null,
    oldTerraUserId: fact.oldTerraUserId ?? null,
    oldReferenceId: fact.oldReferenceId ?? null,
    scopes: fact.scopes ?? null,
    scopesAdded: fact.scopesAdded ?? [],
    scopesRemoved: fact.scopesRemoved ?? [],
    actor: fact.actor ?? null,
    reason: fact.reason ?? null,
    sourceId: fact.sourceId ?? null,
    id: uuidv7(),
    key: factKey(fact).toString('hex'),
    recordedAt: now,
  };
}
