export interface RetryPolicy {
  baseMs: number;
  maxMs: number;
  /** After this many failed attempts the work is given up. */
  attempts: number;
}

// 2^40 times any base exceeds every maximum; a larger exponent would become Infinity.
const MAX_EXPONENT = 40;

/**
 * How long to wait after a failed attempt, with full jitter: work that failed together does not come back together.
 *
 * @param attempt 1 for the first
 * @param random a number from 0 to 1
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: number = Math.random()): number {
  const ceiling = Math.min(policy.baseMs * 2 ** Math.min(attempt - 1, MAX_EXPONENT), policy.maxMs);
  return Math.round(policy.baseMs / 2 + random * (ceiling - policy.baseMs / 2));
}
