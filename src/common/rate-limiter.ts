import { RateLimitedError, type RateLimitPolicy, type RateLimitState } from './rate-limited.error';
import { RecentMap } from './recent-map';

// An entry takes about 100 bytes, so a full limiter with two generations takes about 5 MB.
const GENERATION = 25_000;
// Times are not whole numbers of requests, so sums of them are not exact.
const ROUNDING = 0.01;

/**
 * Limits requests per key with the generic cell rate algorithm: a key has a full quota at first, and gets it back evenly
 * over the window. So each key needs only one number, the time at which its whole quota is available again, and a request
 * costs the same however many came before.
 *
 * The memory is bounded. A key that has taken nothing for a whole window has its full quota, so the limiter can forget it.
 * If more keys come than a generation has, the limiter also forgets keys that have taken something. An attacker who uses so
 * many addresses gets a new quota with each address anyway.
 */
export class RateLimiter {
  // All times are in requests: the unit is the time after which a key gets one request back.
  private readonly fullAt: RecentMap<number>;
  private readonly unitMs: number;
  private generationFrom = 0;

  /** @param nowMs the time in milliseconds */
  constructor(
    readonly policy: RateLimitPolicy,
    private readonly nowMs: () => number,
    generation: number = GENERATION,
  ) {
    this.fullAt = new RecentMap(generation);
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
    this.forgetFull(now);
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

  // A window has as many units as the quota. The time can also go back.
  private forgetFull(now: number): void {
    if (Math.abs(now - this.generationFrom) < this.policy.quota) return;
    this.generationFrom = now;
    this.fullAt.startGeneration();
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
