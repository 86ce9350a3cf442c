import type { Connection, FactSource, KnownTerraUser, NewFact } from '../connections';
import type { TerraUser } from '../terra';

/** Corrections that change the service's data. The safety threshold of a sweep counts them. */
export const CHANGES = [
  'link',
  'link_again',
  'update_scopes',
  'mark_inactive',
  'recover',
  'disconnect_again',
  'mark_missing',
  'end_absent',
] as const;
/** Differences that are only reported. */
const REPORTS = [
  'owner_conflict',
  'contradiction',
  'no_owner',
  'not_authenticated',
  'still_missing',
  'still_paused',
] as const;
/** What the service notes for a later check. This changes no connection, so it does not count as a change. */
export const BOOKKEEPING = ['mark_seen', 'mark_paused', 'mark_resumed'] as const;
export const ACTIONS = [...CHANGES, ...REPORTS, ...BOOKKEEPING] as const;
export type Action = (typeof ACTIONS)[number];

export function isChange(action: Action): boolean {
  return (CHANGES as readonly Action[]).includes(action);
}

/** When the service asked Terra, and who requested that. */
export interface Observation {
  /** The facts that follow from the answer occur at this time, so that facts during the request override them. */
  askedAt: Date;
  source: Extract<FactSource, 'reconcile' | 'sweep'>;
  sourceId?: string | null;
  actor?: string | null;
}

/** A difference between Terra and the service, and the fact that corrects it. */
export interface Correction {
  action: Action;
  terraUserId: string;
  referenceId: string | null;
  connectionId: string | null;
  /** The fact to record; null if the action records none. */
  fact: NewFact | null;
}

/** A Terra user as one of Terra's answers shows it. */
export type ListedUser = TerraUser & {
  /** Whether the end user has completed the authentication; only the answer about one Terra user says so. */
  isAuthenticated?: boolean;
};

// Terra also calls a paused user inactive. Longer than a watch lies in a drawer during a holiday would be safer, but the
// end user would then learn of a dead connection that much later.
const INACTIVE_CONFIRM_MS = 7 * 86_400_000;
const ENDED_BY_US = 'disconnected_by_us';

/** The corrections for a Terra user that Terra lists; none when Terra and the service agree. */
export function diffListed(user: ListedUser, known: KnownTerraUser | null, seen: Observation): Correction[] {
  const correct = corrections(user.terraUserId, known, user.referenceId, seen);
  const identity = known?.identity;
  if (!identity || (!identity.connectionId && !identity.endedAt)) return diffUnknown(user, seen, correct);
  const { connection } = known;
  if (
    user.referenceId !== null &&
    identity.referenceId !== null &&
    user.referenceId !== identity.referenceId
  ) {
    return connection?.status === 'moved' ? [] : [correct('owner_conflict')];
  }
  if (identity.endedAt) return diffEnded(user, known, identity.endedAt, seen, correct);
  if (identity.supersededBy) return [correct('contradiction')];
  const found = identity.missingSince ? [correct('mark_seen')] : [];
  if (!isCurrent(known)) return found;
  return [
    ...found,
    ...diffState(user, known.connection, seen, correct),
    ...diffActivity(user, known, seen, correct),
  ];
}

/**
 * The corrections for a connected Terra user that Terra does not list.
 *
 * @param confirmMs how long the Terra user must be missing before the service ends it, in milliseconds
 */
export function diffMissing(known: KnownTerraUser, seen: Observation, confirmMs: number): Correction[] {
  const { identity } = known;
  const correct = corrections(identity.terraUserId, known, identity.referenceId, seen);
  if (!isCurrent(known) || identity.endedAt || identity.supersededBy) return [];
  // A connection in any other status is expected to disappear from Terra's list.
  if (known.connection.status !== 'active' && known.connection.status !== 'needs_reauth') return [];
  // Terra's answer may lack a Terra user that was linked after the request.
  if (!identity.linkedAt || identity.linkedAt >= seen.askedAt) return [];
  if (!identity.missingSince) return [correct('mark_missing')];
  const missingForMs = seen.askedAt.getTime() - identity.missingSince.getTime();
  if (missingForMs < confirmMs) return [correct('still_missing')];
  return [correct('end_absent', { kind: 'ended', cause: 'absent', occurredAt: seen.askedAt })];
}

type Correct = (
  action: Action,
  fact?: Pick<NewFact, 'kind' | 'cause' | 'occurredAt'> & Partial<NewFact>,
) => Correction;

function corrections(
  terraUserId: string,
  known: KnownTerraUser | null,
  referenceId: string | null,
  { source, sourceId, actor }: Observation,
): Correct {
  return (action, fact) => ({
    action,
    terraUserId,
    referenceId: known?.identity.referenceId ?? referenceId,
    connectionId: known?.connection?.id ?? null,
    fact: fact ? { terraUserId, source, sourceId, actor, ...fact } : null,
  });
}

function diffUnknown(user: ListedUser, seen: Observation, correct: Correct): Correction[] {
  if (user.referenceId === null) return [correct('no_owner')];
  // Terra creates the user before the end user has granted access.
  if (isInactive(user)) return [correct('not_authenticated')];
  return [correct('link', linkOf(user, notAfter(user.createdAt ?? seen.askedAt, seen.askedAt)))];
}

function diffEnded(
  user: TerraUser,
  { identity, connection }: KnownTerraUser,
  endedAt: Date,
  seen: Observation,
  correct: Correct,
): Correction[] {
  // The Terra user ended after the request to Terra.
  if (endedAt >= seen.askedAt) return [];
  // Only this end was concluded from Terra's lists, so only this end can be reverted by a list.
  if (identity.endedCause === 'absent') {
    // Another Terra user has replaced this one since, so an operator must decide.
    if (identity.supersededBy) return [correct('contradiction')];
    return isInactive(user)
      ? [correct('not_authenticated')]
      : [correct('link_again', linkOf(user, seen.askedAt, identity.referenceId))];
  }
  const endedByUs =
    identity.endedCause === ENDED_BY_US ||
    (connection?.terraUserId === user.terraUserId && connection.statusReason === ENDED_BY_US);
  if (!endedByUs) return [correct('contradiction')];
  // Records no fact: a disconnect fact with the current time would also end a Terra user that has replaced this one.
  return [correct('disconnect_again')];
}

function diffState(
  user: TerraUser,
  connection: Connection,
  seen: Observation,
  correct: Correct,
): Correction[] {
  const { status, statusReason, statusAt } = connection;
  if (status !== 'active' && status !== 'needs_reauth') return [];
  const occurredAt = seen.askedAt;
  const found: Correction[] = [];
  // An answer without scopes does not change the scopes.
  if (user.scopes && user.scopes.length > 0 && !isSameSet(user.scopes, connection.scopes)) {
    const { scopes } = user;
    found.push(correct('update_scopes', { kind: 'scopes', cause: 'scopes_seen', occurredAt, scopes }));
  }
  // Terra keeps `active: true` on a broken connection. Only newer data proves that the connection works.
  const data = user.lastWebhookUpdate && notAfter(user.lastWebhookUpdate, seen.askedAt);
  const mayRecover =
    statusReason === 'connection_error' || (statusReason === 'inactive' && user.active === null);
  if (!isInactive(user) && data && data > statusAt && mayRecover) {
    found.push(correct('recover', { kind: 'recovered', cause: 'recovered', occurredAt: data }));
  }
  return found;
}

/**
 * `active: false` has two meanings: the connection is dead, or Terra has paused the user. So it needs a second sign. The
 * table of the signs is in docs/architecture.md.
 */
function diffActivity(
  user: ListedUser,
  { identity, connection }: KnownTerraUser & { connection: Connection },
  { askedAt: occurredAt }: Observation,
  correct: Correct,
): Correction[] {
  const { status, statusReason, statusAt, lastDataAt } = connection;
  const { inactiveSince } = identity;
  if (isInactive(user)) {
    if (status !== 'active' || statusAt >= occurredAt) return [];
    const failing = { kind: 'failing', cause: 'inactive', occurredAt } as const;
    if (user.isAuthenticated === false) return [correct('mark_inactive', failing)];
    if (!inactiveSince) return [correct('mark_paused')];
    const signs = [inactiveSince, lastDataAt, user.lastWebhookUpdate].map((at) => at?.getTime() ?? 0);
    const quietForMs = occurredAt.getTime() - Math.max(...signs);
    return [quietForMs < INACTIVE_CONFIRM_MS ? correct('still_paused') : correct('mark_inactive', failing)];
  }
  if (user.active !== true) return [];
  const isBack = statusReason === 'inactive' && statusAt < occurredAt;
  return [
    ...(inactiveSince ? [correct('mark_resumed')] : []),
    ...(isBack ? [correct('recover', { kind: 'recovered', cause: 'resumed', occurredAt })] : []),
  ];
}

function isInactive({ active, isAuthenticated }: ListedUser): boolean {
  return active === false || isAuthenticated === false;
}

function linkOf(
  user: TerraUser,
  occurredAt: Date,
  referenceId: string | null = user.referenceId,
): Pick<NewFact, 'kind' | 'cause' | 'occurredAt'> & Partial<NewFact> {
  const { provider } = user;
  const scopes = user.scopes?.length ? user.scopes : null;
  return { kind: 'linked', cause: 'found', occurredAt, referenceId, provider, scopes };
}

function isCurrent(known: KnownTerraUser): known is KnownTerraUser & { connection: Connection } {
  return known.connection?.terraUserId === known.identity.terraUserId;
}

// A time from Terra that is ahead of our clock would override all facts until that time.
function notAfter(time: Date, limit: Date): Date {
  return time > limit ? limit : time;
}

function isSameSet(a: string[], b: string[]): boolean {
  const [first, second] = [new Set(a), new Set(b)];
  return first.size === second.size && [...first].every((item) => second.has(item));
}
