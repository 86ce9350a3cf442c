import type { Delivery } from '../stage/terra-sender';
import type { SeededRandom } from '../support/seeded-random';
import type { EventSequence } from './event-sequences';
import { bodyOf } from './terra-events';

// The first event occurred an hour ago.
const PAST_MS = 60 * 60_000;
const INTERVAL_MS = 100;

/** All deliveries of Terra, ordered by occurrence. The sequences overlap in time. */
export function deliveriesOf(
  sequences: EventSequence[],
  random: SeededRandom,
  startedAt: number,
): Delivery[] {
  const moments = sequences.flatMap((sequence) => {
    // Some sequences are short, and some take the whole run.
    const length = random.next() ** 3;
    const start = random.within({ from: 0, to: 1 - length });
    return sequence.events.map((event, index) => {
      const traceId = `${sequence.referenceId}-${sequence.provider}-${index}-${event.type}`;
      return {
        at: start + (length * index) / sequence.events.length,
        body: bodyOf(event, sequence, traceId),
        traceId,
      };
    });
  });
  return moments
    .sort((a, b) => a.at - b.at)
    .map(({ body, traceId }, index) => ({
      body,
      traceId,
      occurredAt: startedAt - PAST_MS + index * INTERVAL_MS,
    }));
}
