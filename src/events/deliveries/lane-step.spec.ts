import type { AttemptMeaning } from './answer-meaning';
import { stepAfter } from './lane-step';
import { GIVE_UP_AFTER_MS, NO_FAILURES } from './retry-schedule';

const NOW = new Date('2026-11-23T09:30:00.000Z');
const failing = { attempts: 3, since: new Date(NOW.getTime() - 60_000) };
const meaning = (kind: AttemptMeaning['kind'], retryAfterMs: number | null = null): AttemptMeaning => ({
  kind,
  status: 500,
  error: null,
  retryAfterMs,
  ofWholeEndpoint: false,
});

describe('R11: a lane', () => {
  it('goes on with the next delivery when the receiver has accepted one', () => {
    expect(stepAfter(meaning('accepted'), failing, NOW)).toEqual({
      status: 'delivered',
      failures: NO_FAILURES,
      restsUntil: null,
    });
  });

  it('goes on when the event of a delivery is gone', () => {
    expect(stepAfter(null, failing, NOW)).toEqual({
      status: 'dropped',
      failures: NO_FAILURES,
      restsUntil: null,
    });
  });

  it('rests after a failure, so that no later event of the end user overtakes', () => {
    expect(stepAfter(meaning('failed', 90_000), failing, NOW, 0)).toEqual({
      status: 'pending',
      failures: { attempts: 4, since: failing.since },
      restsUntil: new Date(NOW.getTime() + 90_000),
    });
  });

  it('R12: goes on with the next delivery when it gives one up after three days', () => {
    const since = new Date(NOW.getTime() - GIVE_UP_AFTER_MS);
    expect(stepAfter(meaning('failed'), { attempts: 40, since }, NOW)).toEqual({
      status: 'given_up',
      failures: NO_FAILURES,
      restsUntil: null,
    });
  });

  it('counts no attempt when the request did not leave the process', () => {
    expect(stepAfter(meaning('not_attempted'), failing, NOW)).toMatchObject({
      status: 'pending',
      failures: failing,
    });
  });

  it('keeps its delivery when the receiver is gone', () => {
    expect(stepAfter(meaning('gone'), failing, NOW)).toMatchObject({ status: 'pending', failures: failing });
  });
});
