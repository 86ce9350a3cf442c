import { retryDelayMs } from './retry-policy';

const policy = { baseMs: 1_000, maxMs: 10_000, attempts: 10 };

describe('retryDelayMs', () => {
  it('doubles the longest delay up to the maximum', () => {
    expect([1, 2, 3, 4, 5, 9].map((attempt) => retryDelayMs(policy, attempt, 1))).toEqual([
      1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
    ]);
  });

  it('returns a random delay of at least half the base delay', () => {
    expect(retryDelayMs(policy, 4, 0)).toBe(500);
    expect(retryDelayMs(policy, 4, 0.5)).toBe(4_250);
  });
});
