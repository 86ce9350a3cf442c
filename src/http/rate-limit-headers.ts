import type { RateLimitState } from '../common';

/** The header fields of draft-ietf-httpapi-ratelimit-headers-10 that tell a client its quota and what is left of it. */
export function rateLimitHeaders({
  policy,
  remaining,
  resetSeconds,
}: RateLimitState): Record<string, string> {
  return {
    'ratelimit-policy': `"${policy.name}";q=${policy.quota};w=${policy.windowSeconds}`,
    ratelimit: `"${policy.name}";r=${remaining};t=${resetSeconds}`,
  };
}
