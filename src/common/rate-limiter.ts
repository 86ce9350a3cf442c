import { LruMap } from './lru-map';
import { RateLimitedError, type RateLimitPolicy, type RateLimitState } from './rate-limited.error';

import { LruMap } from './lru-map';
import { RateLimitedError, type RateLimitPolicy, type RateLimitState } from './rate-limited.error';

// An entry takes about 120 bytes, so a full limiter takes about 6 MB.
const CAPACITY = 50_000;
// Times are not whole numbers of requests, so sums of them are not exact.
const ROUNDING = 0.01;

/**
 * Limits requests per key with the generic cell rate algorithm: a key has a full quota at first, and gets it back evenly
 * over the window. So each key needs only one number, the time at which its whole quota is available again, and a request
 * costs the same however many came before.
 *
 * The memory is bounded. A key without an entry has its full quota, so the limiter drops an entry at that time. Beyond the
 * capacity it drops the key whose last accepted request is the oldest. An attacker who uses so many addresses gets a new
 * quota with each address anyway.
 */
export class RateLimiter {
  // All times are in requests: the unit is the time after which a key gets one request back.
  private readonly fullAt: LruMap<number>;
  private readonly unitMs: number;

  /** @param nowMs the time in milliseconds */
  constructor(
    readonly policy: RateLimitPolicy,
    private readonly nowMs: () => number,
    capacity: number = CAPACITY,
  ) {
    this.fullAt = new LruMap(capacity);
    this.unitMs = (policy.windowSeconds * 1_000) / policy.quota;
  }

  /** How many keys have an entry. */
  get size(): number {
    return this.fullAt.size;
  }

  /**
   * Takes one request from the key's quota.
   *
   * @returns what is left, or null without a limit
   * @throws RateLimitedError when the quota is used up; the request then takes nothing
   */
  take(key: string): RateLimitState | null {
    const { quota } = this.policy;
    if (quota === 0) return null;
    const now = this.nowMs() / this.unitMs;
    this.dropFull(now);
    const used = this.usedOf(key, now);
    if (used + 1 > quota + ROUNDING)
      throw new RateLimitedError(this.stateOf(used), this.toSeconds(used + 1 - quota));
    this.fullAt.set(key, now + used + 1);
    return this.stateOf(used + 1);
  }

  /** Gives one request back to the key's quota. */
  giveBack(key: string): void {
    const fullAt = this.fullAt.get(key);
    if (fullAt !== undefined) this.fullAt.set(key, fullAt - 1);
  }

  private usedOf(key: string, now: number): number {
    const used = (this.fullAt.get(key) ?? now) - now;
    // More than the quota means that the clock was set back. Without this check, the key would have to wait until the clock
    // reaches the old time.
    return used > this.policy.quota + ROUNDING ? 0 : Math.max(0, used);
  }

  // Two per request: more than the one that a request adds, so entries of the past do not accumulate.
  private dropFull(now: number): void {
    for (let count = 0; count < 2; count += 1) {
      const oldest = this.fullAt.oldest();
      if (!oldest || oldest[1] > now) return;
      this.fullAt.delete(oldest[0]);
    }
  }

  private stateOf(used: number): RateLimitState {
    const remaining = Math.max(0, Math.floor(this.policy.quota - used + ROUNDING));
    return { policy: this.policy, remaining, resetSeconds: this.toSeconds(used) };
  }

  private toSeconds(requests: number): number {
    // The small part that is cut off is the rounding of a whole number of seconds.
    return Math.max(1, Math.ceil((requests * this.unitMs) / 1_000 - ROUNDING));
  }
}
