import { afterFailure, GIVE_UP_AFTER_MS, NO_FAILURES, type Failures } from './retry-schedule';

const START = new Date('2026-11-23T09:30:00.000Z');
const HOUR_MS = 3_600_000;

const delayOf = (before: Failures, random: number, retryAfterMs: number | null = null): number => {
  const next = afterFailure(before, retryAfterMs, START, random);
  return next.givesUp ? NaN : next.dueAt.getTime() - START.getTime();
};

describe('R11: the retries of a delivery', () => {
  it('wait for a random time up to a ceiling that doubles from 5 seconds to 3 hours', () => {
    const ceilings = [0, 1, 2, 10, 11, 12, 5_000].map((attempts) => delayOf({ attempts, since: START }, 1));
    expect(ceilings).toEqual([5_000, 10_000, 20_000, 5_120_000, 10_240_000, 3 * HOUR_MS, 3 * HOUR_MS]);
    expect(delayOf({ attempts: 2, since: START }, 0.5)).toBe(10_000);
    expect(delayOf({ attempts: 2, since: START }, 0)).toBe(1_000);
  });

  it('are not before the time that the receiver asks for', () => {
    expect(delayOf(NO_FAILURES, 1, 60_000)).toBe(60_000);
    expect(delayOf(NO_FAILURES, 1, 2_000)).toBe(5_000);
  });

  it('are not after the three days, whatever the receiver asks for', () => {
    expect(delayOf(NO_FAILURES, 1, 30 * GIVE_UP_AFTER_MS)).toBe(GIVE_UP_AFTER_MS);
    const almost = new Date(START.getTime() - GIVE_UP_AFTER_MS + 7_000);
    expect(delayOf({ attempts: 30, since: almost }, 1)).toBe(7_000);
  });

  it('end after three days, and not a millisecond before', () => {
    const since = (ms: number): Failures => ({ attempts: 40, since: new Date(START.getTime() - ms) });
    expect(afterFailure(since(GIVE_UP_AFTER_MS), null, START)).toEqual({ givesUp: true });
    expect(afterFailure(since(GIVE_UP_AFTER_MS - 1), null, START).givesUp).toBe(false);
  });

  it('count from the first failure', () => {
    expect(afterFailure(NO_FAILURES, null, START, 1)).toMatchObject({
      failures: { attempts: 1, since: START },
    });
    const since = new Date(START.getTime() - HOUR_MS);
    expect(afterFailure({ attempts: 4, since }, null, START, 1)).toMatchObject({
      failures: { attempts: 5, since },
    });
  });

  it('take place often enough within three days, and not more than some hundred times', () => {
    const attemptsWith = (random: () => number): number => {
      let [now, failures]: [Date, Failures] = [START, NO_FAILURES];
      for (let attempts = 1; ; attempts += 1) {
        const next = afterFailure(failures, null, now, random());
        if (next.givesUp) return attempts;
        [now, failures] = [next.dueAt, next.failures];
      }
    };
    expect(attemptsWith(() => 1)).toBeGreaterThan(30);
    expect(attemptsWith(() => 0.5)).toBeLessThan(100);
  });
});
