export interface RetryPolicy {
  baseMs: number;
  maxMs: number;
  /** After this many attempts the work is dead. */
  attempts: number;
}

/**
 * How long to wait after the given attempt failed (1 for the first), with full jitter so that work which failed
 * together does not come back together.
 *
 * @param random a number from 0 to 1
 */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: number = Math.random()): number {
  const ceiling = Math.min(policy.baseMs * 2 ** (attempt - 1), policy.maxMs);
  return Math.round(policy.baseMs / 2 + random * (ceiling - policy.baseMs / 2));
}
