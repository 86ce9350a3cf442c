const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

/** R11: how long the service repeats a delivery, from its first failure on. */
export const GIVE_UP_AFTER_MS = 72 * HOUR_MS;

const BASE_MS = 5 * SECOND_MS;
const LONGEST_MS = 3 * HOUR_MS;
const SHORTEST_MS = SECOND_MS;
// 2^20 times the base exceeds the longest delay.
const MAX_EXPONENT = 20;

/** The failed attempts of a delivery. */
export interface Failures {
  attempts: number;
  /** When the first one failed; null: none has. */
  since: Date | null;
}

export const NO_FAILURES: Failures = { attempts: 0, since: null };

/** What follows a failed attempt: another one at `dueAt`, or none. */
export type FailureConsequence = { givesUp: true } | { givesUp: false; failures: Failures; dueAt: Date };

/**
 * Decides what follows a failed attempt. The delay is random, from 1 s to a ceiling that doubles from 5 s to 3 hours (full
 * jitter), and at least what the receiver asks for. The last attempt takes place after exactly three days.
 *
 * @param before the failures before this attempt
 * @param retryAfterMs what the receiver asks for; null: nothing
 * @param random a number from 0 to 1
 */
export function afterFailure(
  before: Failures,
  retryAfterMs: number | null,
  now: Date,
  random: number = Math.random(),
): FailureConsequence {
  const since = before.since ?? now;
  const giveUpAt = since.getTime() + GIVE_UP_AFTER_MS;
  if (now.getTime() >= giveUpAt) return { givesUp: true };
  const ceilingMs = Math.min(BASE_MS * 2 ** Math.min(before.attempts, MAX_EXPONENT), LONGEST_MS);
  const delayMs = Math.max(random * ceilingMs, SHORTEST_MS, retryAfterMs ?? 0);
  return {
    givesUp: false,
    failures: { attempts: before.attempts + 1, since },
    dueAt: new Date(Math.min(now.getTime() + Math.round(delayMs), giveUpAt)),
  };
}
