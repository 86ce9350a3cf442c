export interface RetryPolicy {
  baseMs: number;
  maxMs: number;
  /** After how many failed attempts the caller gives up. */
  attempts: number;
}

// 2^40 times any base exceeds every maximum. The power of a much larger exponent would be Infinity.
const MAX_EXPONENT = 40;

/**
 * Returns how many milliseconds to wait after a failed attempt. The time is random, so that callers that failed at the
 * same time do not retry at the same time.
 *
 * @param attempt number of the failed attempt; 1 for the first
 * @param random a number from 0 to 1
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: number = Math.random()): number {
  const ceiling = Math.min(policy.baseMs * 2 ** Math.min(attempt - 1, MAX_EXPONENT), policy.maxMs);
  return Math.round(policy.baseMs / 2 + random * (ceiling - policy.baseMs / 2));
}
