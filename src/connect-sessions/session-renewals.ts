import type { ConnectSession } from './connect-session.entity';

/** How often a session can be renewed, counted from the first one. */
export const MAX_RENEWALS = 10;
const RENEWABLE_MS = 30 * 86_400_000;

type Renewals = Pick<ConnectSession, 'renewableUntil' | 'renewals' | 'renewedFrom' | 'renewedBy'>;

/** The renewals of a new session that a caller requests. */
export function firstInRow(renewable: boolean, now: Date): Renewals {
  const renewableUntil = renewable ? new Date(now.getTime() + RENEWABLE_MS) : null;
  return { renewableUntil, renewals: 0, renewedFrom: null, renewedBy: null };
}

/** The renewals of a session that replaces an expired one: the limits stay those of the first session. */
export function nextInRow({ id, renewableUntil, renewals }: ConnectSession): Renewals {
  return { renewableUntil, renewals: renewals + 1, renewedFrom: id, renewedBy: null };
}

/** Whether the end user may get a fresh session in place of this one, once it has expired. */
export function isRenewable({ renewableUntil, renewals }: ConnectSession, now: Date): boolean {
  return renewableUntil !== null && now < renewableUntil && renewals < MAX_RENEWALS;
}
