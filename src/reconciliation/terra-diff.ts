import type { Connection, FactSource, KnownTerraUser, NewFact } from '../connections';
import type { TerraUser } from '../terra';

/** What sets us right where Terra and we differ. A sweep's brake counts these. */
export const CHANGES = [
  'link',
  'revive',
  'update_scopes',
  'mark_inactive',
  'recover',
  'disconnect_again',
  'mark_missing',
  'end_absent',
] as const;
/** What a person should look at; nothing is changed. */
export const REPORTS = [
  'owner_conflict',
  'contradiction',
  'no_owner',
  'not_authenticated',
  'still_missing',
] as const;
/** Takes an earlier doubt back; harms nobody, so it is not counted. */
const BOOKKEEPING = ['mark_seen'] as const;
export const ACTIONS = [...CHANGES, ...REPORTS, ...BOOKKEEPING] as const;
export type Action = (typeof ACTIONS)[number];

export function isChange(action: Action): boolean {
  return (CHANGES as readonly Action[]).includes(action);
}

/** When Terra was asked, and for whom. */
export interface Observation {
  /** Terra's answer is at least as new as the question; news that came since may be newer. */
  askedAt: Date;
  /** How long somebody must have been missing before that is believed. */
  confirmMs: number;
  source: Extract<FactSource, 'reconcile' | 'sweep'>;
  sourceId?: string | null;
  actor?: string | null;
}

export interface Correction {
  action: Action;
  terraUserId: string;
  referenceId: string | null;
  connectionId: string | null;
  /** What is to be recorded; null when nothing is. */
  fact: NewFact | null;
}

// Their ends were told, not concluded: a list that still has them is no reason to bring them back.
const ENDED_BY_US = 'disconnected_by_us';
const MENDABLE: readonly (string | null)[] = ['connection_error', 'inactive'];

/** What follows from Terra listing somebody. No correction: we are in step. */
export function diffListed(user: TerraUser, known: KnownTerraUser | null, seen: Observation): Correction[] {
  const decide = corrections(user.terraUserId, known, user.referenceId, seen);
  const identity = known?.identity;
  if (!identity || (!identity.connectionId && !identity.endedAt)) return firstSight(user, seen, decide);
  const { connection } = known;
  if (
    user.referenceId !== null &&
    identity.referenceId !== null &&
    user.referenceId !== identity.referenceId
  ) {
    return connection?.status === 'moved' ? [] : [decide('owner_conflict')];
  }
  if (identity.endedAt) return listedAfterItsEnd(user, known, identity.endedAt, seen, decide);
  if (identity.supersededBy) return [decide('contradiction')];
  const found = identity.missingSince ? [decide('mark_seen')] : [];
  return isCurrent(known) ? [...found, ...stateOf(user, known.connection, seen, decide)] : found;
}

/** What follows from Terra not listing somebody whom we hold for connected. */
export function diffMissing(known: KnownTerraUser, seen: Observation): Correction[] {
  const { identity } = known;
  const decide = corrections(identity.terraUserId, known, identity.referenceId, seen);
  if (!isCurrent(known) || identity.endedAt || identity.supersededBy) return [];
  // One that is being disconnected is expected to go. One that came while we asked cannot be in the answer.
  if (known.connection.status !== 'active' && known.connection.status !== 'needs_reauth') return [];
  if (!identity.linkedAt || identity.linkedAt >= seen.askedAt) return [];
  if (!identity.missingSince) return [decide('mark_missing')];
  const missingForMs = seen.askedAt.getTime() - identity.missingSince.getTime();
  if (missingForMs < seen.confirmMs) return [decide('still_missing')];
  return [decide('end_absent', { kind: 'ended', cause: 'absent', occurredAt: seen.askedAt })];
}

type Decide = (
  action: Action,
  fact?: Pick<NewFact, 'kind' | 'cause' | 'occurredAt'> & Partial<NewFact>,
) => Correction;

function corrections(
  terraUserId: string,
  known: KnownTerraUser | null,
  referenceId: string | null,
  { source, sourceId, actor }: Observation,
): Decide {
  return (action, fact) => ({
    action,
    terraUserId,
    referenceId: known?.identity.referenceId ?? referenceId,
    connectionId: known?.connection?.id ?? null,
    fact: fact ? { terraUserId, source, sourceId, actor, ...fact } : null,
  });
}

function firstSight(user: TerraUser, seen: Observation, decide: Decide): Correction[] {
  if (user.referenceId === null) return [decide('no_owner')];
  // Terra gives out ids before the person has agreed to anything.
  if (user.active === false) return [decide('not_authenticated')];
  return [decide('link', linkOf(user, notAfter(user.createdAt ?? seen.askedAt, seen.askedAt)))];
}

function listedAfterItsEnd(
  user: TerraUser,
  { identity, connection }: KnownTerraUser,
  endedAt: Date,
  seen: Observation,
  decide: Decide,
): Correction[] {
  // It ended while Terra was being asked.
  if (endedAt >= seen.askedAt) return [];
  if (identity.endedCause === 'absent') {
    // Somebody has taken its place since: both of them at once is for a person to look at.
    if (identity.supersededBy) return [decide('contradiction')];
    return user.active === false
      ? [decide('not_authenticated')]
      : [decide('revive', linkOf(user, seen.askedAt, identity.referenceId))];
  }
  const endedByUs =
    identity.endedCause === ENDED_BY_US ||
    (connection?.terraUserId === user.terraUserId && connection.statusReason === ENDED_BY_US);
  if (!endedByUs) return [decide('contradiction')];
  // No fact: a request of now would be believed of whoever has taken its place, too.
  return [decide('disconnect_again')];
}

function stateOf(user: TerraUser, connection: Connection, seen: Observation, decide: Decide): Correction[] {
  const { status, statusReason, statusAt } = connection;
  if (status !== 'active' && status !== 'needs_reauth') return [];
  const found: Correction[] = [];
  // No scopes named is no news of them.
  if (user.scopes && user.scopes.length > 0 && !isSameSet(user.scopes, connection.scopes)) {
    const { scopes } = user;
    found.push(
      decide('update_scopes', { kind: 'scopes', cause: 'scopes_seen', occurredAt: seen.askedAt, scopes }),
    );
  }
  if (user.active === false && status === 'active' && statusAt < seen.askedAt) {
    found.push(decide('mark_inactive', { kind: 'failing', cause: 'inactive', occurredAt: seen.askedAt }));
  }
  // `active: true` stays true on a dead connection; data that has come since is proof.
  const data = user.lastWebhookUpdate && notAfter(user.lastWebhookUpdate, seen.askedAt);
  if (user.active !== false && data && data > statusAt && MENDABLE.includes(statusReason)) {
    found.push(decide('recover', { kind: 'recovered', cause: 'recovered', occurredAt: data }));
  }
  return found;
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

// A time of Terra's that lies ahead of us would outrank everything that happens until then.
function notAfter(time: Date, limit: Date): Date {
  return time > limit ? limit : time;
}

function isSameSet(a: string[], b: string[]): boolean {
  const [first, second] = [new Set(a), new Set(b)];
  return first.size === second.size && [...first].every((item) => second.has(item));
}
