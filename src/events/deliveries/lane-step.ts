import type { AttemptMeaning } from './answer-meaning';
import type { DeliveryStatus } from './event-delivery.entity';
import { afterFailure, NO_FAILURES, type Failures } from './retry-schedule';

// A request that this process could not send, for example because it stops. Another process may be able to.
const OWN_DELAY_MS = 1_000;

/** What follows for a delivery and its lane. */
export interface LaneStep {
  /** Of the delivery. */
  status: DeliveryStatus;
  /** Of the first pending delivery of the lane. */
  failures: Failures;
  /** When the lane is due again; null: the next delivery may begin at once. */
  restsUntil: Date | null;
}

/**
 * Decides what follows an attempt. Only an accepted, given up or dropped delivery makes way for the next one.
 *
 * @param meaning null: the event of the delivery is gone
 * @param random a number from 0 to 1
 */
export function stepAfter(
  meaning: AttemptMeaning | null,
  failures: Failures,
  now: Date,
  random: number = Math.random(),
): LaneStep {
  if (meaning === null) return { status: 'dropped', failures: NO_FAILURES, restsUntil: null };
  switch (meaning.kind) {
    case 'accepted':
      return { status: 'delivered', failures: NO_FAILURES, restsUntil: null };
    case 'not_attempted':
      return { status: 'pending', failures, restsUntil: new Date(now.getTime() + OWN_DELAY_MS) };
    case 'gone':
      // The endpoint is disabled now, so the lane rests until it is enabled again.
      return { status: 'pending', failures, restsUntil: now };
    case 'failed': {
      const next = afterFailure(failures, meaning.retryAfterMs, now, random);
      return next.givesUp
        ? { status: 'given_up', failures: NO_FAILURES, restsUntil: null }
        : { status: 'pending', failures: next.failures, restsUntil: next.dueAt };
    }
  }
}
