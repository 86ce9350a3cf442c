import { RateLimitedError } from './rate-limited.error';
import { RateLimiter } from './rate-limiter';

const policyOf = (quota: number, windowSeconds: number) => ({
  name: 'test',
  quota,
  windowSeconds,
  exceeded: 'Too many.',
});

describe('T-21: the rate limiter', () => {
  let now: number;
  const limiterOf = (quota: number, windowSeconds = 60, generation?: number): RateLimiter =>
    new RateLimiter(policyOf(quota, windowSeconds), () => now, generation);
  const takeMany = (limiter: RateLimiter, count: number, key = 'a'): number => {
    let taken = 0;
    for (let request = 0; request < count; request += 1) {
      try {
        limiter.take(key);
        taken += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(RateLimitedError);
      }
    }
    return taken;
  };
  const rejectionOf = (limiter: RateLimiter, key = 'a'): RateLimitedError => {
    try {
      limiter.take(key);
    } catch (error) {
      if (error instanceof RateLimitedError) return error;
    }
    throw new Error('The limiter accepts the request.');
  };

  beforeEach(() => (now = Date.parse('2026-01-01T00:00:00Z')));

  it.each([1, 2, 3, 7, 60, 77, 600, 12_345])('accepts exactly a quota of %d at once', (quota) => {
    expect(takeMany(limiterOf(quota), quota + 50)).toBe(quota);
  });

  it('gives the quota back evenly', () => {
    const limiter = limiterOf(60);
    takeMany(limiter, 60);
    now += 900;
    expect(rejectionOf(limiter).retryAfterSeconds).toBe(1);
    now += 100;
    expect(takeMany(limiter, 5)).toBe(1);
    now += 30_000;
    expect(takeMany(limiter, 100)).toBe(30);
    now += 3_600_000;
    expect(takeMany(limiter, 100)).toBe(60);
  });

  it('limits each key by itself', () => {
    const limiter = limiterOf(2);
    expect([takeMany(limiter, 5, 'a'), takeMany(limiter, 5, 'b')]).toEqual([2, 2]);
  });

  it('says what is left and when to try again', () => {
    const limiter = limiterOf(2, 3_600);
    expect(limiter.take('a')).toMatchObject({ remaining: 1, resetSeconds: 1_800 });
    expect(limiter.take('a')).toMatchObject({ remaining: 0, resetSeconds: 3_600 });
    expect(rejectionOf(limiter)).toMatchObject({
      kind: 'rate_limited',
      code: 'rate_limit.exceeded',
      details: { limit: 'test' },
      retryAfterSeconds: 1_800,
      state: { remaining: 0, resetSeconds: 3_600 },
    });
  });

  it('takes nothing for a rejected request, so that a flood does not prolong the wait', () => {
    const limiter = limiterOf(60);
    takeMany(limiter, 1_000);
    now += 1_000;
    expect(takeMany(limiter, 1)).toBe(1);
  });

  it('gives a request back', () => {
    const limiter = limiterOf(1);
    limiter.take('a');
    limiter.giveBack('a');
    expect(takeMany(limiter, 2)).toBe(1);
    limiter.giveBack('unknown');
    expect(takeMany(limiter, 2, 'unknown')).toBe(1);
  });

  it('has no limit with a quota of 0', () => {
    const limiter = limiterOf(0);
    expect(limiter.take('a')).toBeNull();
    expect(takeMany(limiter, 1_000)).toBe(1_000);
    expect(limiter.size).toBe(0);
  });

  it('does not lock a key out when the clock is set back', () => {
    const limiter = limiterOf(2);
    takeMany(limiter, 2);
    now -= 86_400_000;
    expect(takeMany(limiter, 5)).toBe(2);
  });

  it('keeps at most two generations of keys, and forgets the oldest', () => {
    const limiter = limiterOf(1, 60, 100);
    for (let key = 0; key < 10_000; key += 1) limiter.take(String(key));
    expect(limiter.size).toBeLessThanOrEqual(200);
    for (let key = 9_900; key < 10_000; key += 1) expect(takeMany(limiter, 1, String(key))).toBe(0);
    expect(takeMany(limiter, 1, '0')).toBe(1);
  });

  it('forgets a key that has taken nothing for a whole window, and no other', () => {
    const limiter = limiterOf(10);
    takeMany(limiter, 10, 'a');
    for (let key = 0; key < 1_000; key += 1) limiter.take(String(key));
    now += 59_000;
    expect(takeMany(limiter, 20, 'a')).toBe(9);
    for (let minute = 0; minute < 2; minute += 1) {
      now += 60_000;
      limiter.take('b');
    }
    expect(limiter.size).toBeLessThanOrEqual(2);
  });

  it('counts on when a generation ends', () => {
    const limiter = limiterOf(60);
    limiter.take('other');
    now += 59_500;
    takeMany(limiter, 60);
    now += 1_000;
    expect(takeMany(limiter, 60)).toBe(1);
  });
});
