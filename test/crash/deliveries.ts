import type { Delivery } from '../stage/terra-sender';
import type { SeededRandom } from './seeded-random';
import type { Story } from './stories';
import { bodyOf } from './terra-events';

// The first event occurred an hour ago.
const PAST_MS = 60 * 60_000;
const INTERVAL_MS = 100;

/** All deliveries of Terra, ordered by occurrence. Stories overlap. */
export function deliveriesOf(stories: Story[], random: SeededRandom, startedAt: number): Delivery[] {
  const moments = stories.flatMap((story) => {
    // Some stories last a moment, some the whole run.
    const length = random.next() ** 3;
    const start = random.within({ from: 0, to: 1 - length });
    return story.events.map((event, index) => {
      const traceId = `${story.referenceId}-${story.provider}-${index}-${event.type}`;
      return {
        at: start + (length * index) / story.events.length,
        body: bodyOf(event, story, traceId),
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
