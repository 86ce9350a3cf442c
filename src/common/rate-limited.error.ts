import { DomainError } from './domain.error';

/** How many requests a key may make in which time. */
export interface RateLimitPolicy {
  /** Names the limit in the header fields and in problems. */
  name: string;
  /** Requests per window; 0: no limit. */
  quota: number;
  windowSeconds: number;
  /** What happened when the quota is used up, as a sentence for the caller. */
  exceeded: string;
}

/** What is left of a quota. */
export interface RateLimitState {
  policy: RateLimitPolicy;
  remaining: number;
  /** Seconds until the whole quota is available again. */
  resetSeconds: number;
}

/** A quota is used up. `limit` in the problem names the policy. */
export class RateLimitedError extends DomainError {
  constructor(
    readonly state: RateLimitState,
    retryAfterSeconds: number,
  ) {
    super(
      'rate_limited',
      'rate_limit.exceeded',
      `${state.policy.exceeded} Wait for the seconds in Retry-After, then retry.`,
      { details: { limit: state.policy.name }, retryAfterSeconds },
    );
  }
}
