import type { AttemptMeaning } from './answer-meaning';
import { lanesPerEndpoint, newPace, paceAfter, type Pace } from './endpoint-pace';

const NOW = new Date('2026-11-23T09:30:00.000Z');
const ACCEPTED: AttemptMeaning = {
  kind: 'accepted',
  status: 200,
  error: null,
  retryAfterMs: null,
  ofWholeEndpoint: false,
};
const THROTTLED: AttemptMeaning = { ...ACCEPTED, kind: 'failed', status: 503, ofWholeEndpoint: true };
const after = (pace: Pace, meaning: AttemptMeaning, random = 1): Pace =>
  paceAfter(pace, meaning, { share: 16, now: NOW, random });
const pauseOf = ({ pausedUntil }: Pace): number => pausedUntil - NOW.getTime();

describe('The lanes of an endpoint', () => {
  it('are its own share, so that no endpoint takes from another one', () => {
    expect([0, 1, 10, 16, 32, 100].map(lanesPerEndpoint)).toEqual([32, 32, 25, 16, 8, 2]);
    for (let endpoints = 1; endpoints <= 100; endpoints += 1)
      expect(endpoints * lanesPerEndpoint(endpoints)).toBeLessThanOrEqual(256);
  });
});

describe('The pace of an endpoint', () => {
  it('is one lane after a failure of the whole endpoint, and doubles with each accepted event', () => {
    let pace = after(newPace(16), THROTTLED);
    expect(pace).toMatchObject({ lanes: 1, failures: 1 });
    const lanes = [1, 2, 3, 4, 5].map(() => (pace = after(pace, ACCEPTED)).lanes);
    expect(lanes).toEqual([2, 4, 8, 16, 16]);
    expect(pace.failures).toBe(0);
  });

  it('has pauses that double up to a minute', () => {
    let pace = newPace(16);
    const pauses = Array.from({ length: 9 }, () => {
      pace = { ...after(pace, THROTTLED), pausedUntil: 0 };
      return pauseOf(after({ ...pace, failures: pace.failures - 1 }, THROTTLED));
    });
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(pauseOf(after(newPace(16), THROTTLED, 0))).toBe(500);
  });

  it('pauses as long as the receiver asks for', () => {
    expect(pauseOf(after(newPace(16), { ...THROTTLED, retryAfterMs: 600_000 }))).toBe(600_000);
  });

  it('keeps a longer pause when other lanes report shorter ones, or a late success', () => {
    const long = after(newPace(16), { ...THROTTLED, retryAfterMs: 600_000 });
    expect(pauseOf(after(long, THROTTLED))).toBe(600_000);
    expect(pauseOf(after(long, ACCEPTED))).toBe(600_000);
  });

  it('does not change when only one event fails', () => {
    const pace = newPace(16);
    expect(after(pace, { ...THROTTLED, status: 500, ofWholeEndpoint: false })).toEqual(pace);
  });

  it('stops when the receiver is gone', () => {
    expect(after(newPace(16), { ...ACCEPTED, kind: 'gone', status: 410 }).pausedUntil).toBe(Infinity);
  });
});
