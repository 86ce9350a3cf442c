import { compareFacts, type Fact } from './connection-fact';
import { isCatalogue, isHealthy, isLink } from './terra-user-reducer';

/**
 * Returns the facts about one Terra user that decide nothing, whatever other facts may still arrive, in any order: later
 * or earlier ones of the same kind cover each of them. So the service need not read them again.
 *
 * A fact covers another one only if it counts whenever the other one does: a fact with the reference of an end user counts
 * while that end user is the owner, a fact without a reference always.
 *
 * @param about the facts about the Terra user, and the swaps that replaced it
 */
export function coveredFacts(terraUserId: string, about: Fact[]): Fact[] {
  const sorted = about.toSorted(compareFacts);
  const earliest = new Map<string, Fact>();
  const latest = new Map<string, Fact>();
  const deciding = new Set<Fact>(sorted.slice(0, 1));
  const concerning = sorted.filter((fact) => fact.terraUserId === terraUserId);
  for (const fact of sorted) if (alwaysDecides(fact, terraUserId)) deciding.add(fact);
  for (const fact of concerning) {
    for (const role of earliestRolesOf(fact)) if (!earliest.has(role)) earliest.set(role, fact);
    for (const role of latestRolesOf(fact)) latest.set(role, fact);
  }
  for (const fact of [...earliest.values(), ...latest.values(), ...scopesIn(concerning)]) deciding.add(fact);
  return sorted.filter((fact) => !deciding.has(fact));
}

// Swaps connect Terra users, and only the last acceptance of an owner counts, as long as no other arrives. An end that the
// service concluded from lists counts until a later link arrives.
function alwaysDecides({ terraUserId, kind, cause }: Fact, about: string): boolean {
  return terraUserId !== about || kind === 'swapped' || cause === 'owner_accepted' || cause === 'absent';
}

/** The parts of a state that the earliest fact with the same text decides. */
function earliestRolesOf(fact: Fact): string[] {
  const { kind, cause, referenceId, provider } = fact;
  const roles: string[] = [];
  if (kind === 'ended' && cause !== 'absent') roles.push(`end of ${referenceId}`);
  if (!isLink(fact)) return roles;
  if (referenceId !== null && provider !== null) roles.push('owner');
  return [...roles, `link of ${referenceId}`];
}

/** The parts of a state that the latest fact with the same text decides. */
function latestRolesOf(fact: Fact): string[] {
  const { kind, cause, referenceId } = fact;
  const roles: string[] = [];
  if (kind === 'disconnect_requested') roles.push('request');
  if (isLink(fact)) roles.push('link');
  if (isCatalogue(fact) || isHealthy(fact)) roles.push('catalogue');
  if (!isCatalogue(fact)) {
    if (kind === 'failing') roles.push(cause === 'inactive' ? 'inactive' : 'error');
    else if (cause === 'resumed') roles.push('resumed');
    else if (kind === 'recovered' || isHealthy(fact)) roles.push('healthy');
  }
  return roles.map((role) => `${role} of ${referenceId}`);
}

/**
 * The facts that decide the scopes. A later list of all scopes covers a fact. A later removal of a scope covers an earlier
 * addition and an earlier removal of it. Of additions in a row, the first decides the place of the scope in the list, and
 * the last decides that the end user grants it.
 */
function scopesIn(sorted: Fact[]): Fact[] {
  const deciding: Fact[] = [];
  const repeated = repeatedScopesIn(sorted);
  const [added, removed] = [new ScopesByReference(), new ScopesByReference()];
  const listed = new Set<string | null>();
  for (const fact of sorted.toReversed()) {
    const { scopes, scopesAdded, scopesRemoved, referenceId } = fact;
    const changes = [...scopesAdded, ...scopesRemoved];
    if (scopes === null && changes.length === 0) continue;
    const isCovered =
      listed.has(null) ||
      listed.has(referenceId) ||
      (scopes === null &&
        changes.every(
          (scope) =>
            removed.has(referenceId, scope) ||
            (!scopesRemoved.includes(scope) &&
              repeated.get(fact)?.has(scope) &&
              added.has(referenceId, scope)),
        ));
    if (!isCovered) deciding.push(fact);
    // An empty list without removed scopes keeps the time at which the end user withdrew the last scope before it.
    if (scopes !== null && (scopes.length > 0 || changes.length > 0)) listed.add(referenceId);
    for (const scope of scopesAdded) added.add(referenceId, scope);
    for (const scope of scopesRemoved) removed.add(referenceId, scope);
  }
  return deciding;
}

/** Each fact → the scopes that it adds although an earlier fact has added them, and none has removed them since. */
function repeatedScopesIn(sorted: Fact[]): Map<Fact, Set<string>> {
  const repeated = new Map<Fact, Set<string>>();
  let present = new ScopesByReference();
  for (const fact of sorted) {
    const { scopes, scopesAdded, scopesRemoved, referenceId } = fact;
    if (scopes !== null) present = new ScopesByReference();
    for (const scope of scopesRemoved) present.delete(scope);
    repeated.set(fact, new Set(scopesAdded.filter((scope) => present.has(referenceId, scope))));
    for (const scope of scopesAdded) present.add(referenceId, scope);
  }
  return repeated;
}

/** Scopes by the reference of the facts that name them. Facts without a reference count for every reference. */
class ScopesByReference {
  private readonly scopes = new Map<string | null, Set<string>>();

  has(referenceId: string | null, scope: string): boolean {
    return [null, referenceId].some((reference) => this.scopes.get(reference)?.has(scope));
  }

  add(referenceId: string | null, scope: string): void {
    const known = this.scopes.get(referenceId);
    if (known) known.add(scope);
    else this.scopes.set(referenceId, new Set([scope]));
  }

  delete(scope: string): void {
    for (const known of this.scopes.values()) known.delete(scope);
  }
}
