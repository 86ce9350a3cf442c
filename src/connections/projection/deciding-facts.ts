import { compareFacts, type Fact, type ScopeMark } from './connection-fact';
import { marksOf, scopeChangesOf, type ScopeChange } from './scope-changes';
import { isCatalogue, isHealthy, isLink } from './terra-user-reducer';

/** What the service need not read any more of the facts about a Terra user. */
export interface Compaction {
  /** These facts decide nothing, whatever other facts may still arrive, in any order. */
  covered: Set<Fact>;
  /** Facts → the changes of covered facts that they keep. */
  digests: Map<Fact, ScopeMark[]>;
}

// So many facts that only change scopes become one digest.
const DIGESTED_AT = 32;

/**
 * Finds the facts about one Terra user that the service need not read again: later or earlier ones of the same kind cover
 * each of them, or a digest has their changes.
 *
 * A fact covers another one only if it counts whenever the other one does: a fact with the reference of an end user counts
 * while that end user is the owner, a fact without a reference always.
 *
 * @param about the facts about the Terra user, and the swaps that replaced it
 */
export function compactFacts(terraUserId: string, about: Fact[]): Compaction {
  const sorted = about.toSorted(compareFacts);
  const concerning = sorted.filter((fact) => fact.terraUserId === terraUserId);
  const deciding = new Set<Fact>(sorted.slice(0, 1));
  const earliest = new Map<string, Fact>();
  const latest = new Map<string, Fact>();
  for (const fact of sorted) if (alwaysDecides(fact, terraUserId)) deciding.add(fact);
  for (const fact of concerning) {
    for (const role of earliestRolesOf(fact)) if (!earliest.has(role)) earliest.set(role, fact);
    for (const role of latestRolesOf(fact)) latest.set(role, fact);
  }
  for (const fact of [...earliest.values(), ...latest.values()]) deciding.add(fact);
  const scopes = decidingScopes(scopeChangesOf(concerning));
  const digests = digestsOf(scopes, deciding);
  for (const { fact } of scopes) if (!digests.covered.has(fact)) deciding.add(fact);
  return { covered: new Set(sorted.filter((fact) => !deciding.has(fact))), digests: digests.marks };
}

/**
 * Of many facts with the same reference that only change scopes, the latest one gets a digest of the others.
 *
 * @param deciding the facts that decide something else
 */
function digestsOf(
  scopes: ScopeChange[],
  deciding: Set<Fact>,
): { covered: Set<Fact>; marks: Map<Fact, ScopeMark[]> } {
  const covered = new Set<Fact>();
  const marks = new Map<Fact, ScopeMark[]>();
  const changes = scopes.filter((change) => change.scopes === null && !deciding.has(change.fact));
  for (const referenceId of new Set(changes.map((change) => change.referenceId))) {
    const ofReference = changes.filter((change) => change.referenceId === referenceId);
    const facts = [...new Set(ofReference.map(({ fact }) => fact))].filter((fact) => fact.scopes === null);
    const last = facts.sort(compareFacts).at(-1);
    if (!last || facts.length < DIGESTED_AT) continue;
    const digested = ofReference.filter(({ fact, key }) => facts.includes(fact) && key !== last.key);
    marks.set(last, marksOf(digested));
    for (const fact of facts) if (fact !== last) covered.add(fact);
  }
  return { covered, marks };
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
 * The changes that decide the scopes, in the order in which they occurred. A later list of all scopes covers a fact. A later removal of a scope covers an earlier
 * addition and an earlier removal of it. Of additions in a row, the first decides the place of the scope in the list, and
 * the last decides that the end user grants it.
 */
function decidingScopes(sorted: ScopeChange[]): ScopeChange[] {
  const deciding: ScopeChange[] = [];
  const repeated = repeatedScopes(sorted);
  const [added, removed] = [new ScopesByReference(), new ScopesByReference()];
  const listed = new Set<string | null>();
  for (const change of sorted.toReversed()) {
    const { scopes, scopesAdded, scopesRemoved, referenceId } = change;
    const changed = [...scopesAdded, ...scopesRemoved];
    const isCoveredScope = (scope: string): boolean =>
      removed.has(referenceId, scope) ||
      (!scopesRemoved.includes(scope) &&
        repeated.get(change)?.has(scope) === true &&
        added.has(referenceId, scope));
    const isCovered =
      listed.has(null) || listed.has(referenceId) || (scopes === null && changed.every(isCoveredScope));
    if (!isCovered) deciding.push(change);
    // An empty list without removed scopes keeps the time at which the end user withdrew the last scope before it.
    if (scopes !== null && (scopes.length > 0 || changed.length > 0)) listed.add(referenceId);
    for (const scope of scopesAdded) added.add(referenceId, scope);
    for (const scope of scopesRemoved) removed.add(referenceId, scope);
  }
  return deciding.reverse();
}

/** Each change → the scopes that it adds although an earlier one has added them, and none has removed them since. */
function repeatedScopes(sorted: ScopeChange[]): Map<ScopeChange, Set<string>> {
  const repeated = new Map<ScopeChange, Set<string>>();
  let present = new ScopesByReference();
  for (const change of sorted) {
    const { scopes, scopesAdded, scopesRemoved, referenceId } = change;
    if (scopes !== null) present = new ScopesByReference();
    for (const scope of scopesRemoved) present.delete(scope);
    repeated.set(change, new Set(scopesAdded.filter((scope) => present.has(referenceId, scope))));
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
