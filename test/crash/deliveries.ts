import type { Delivery } from '../stage/terra-sender';
import type { Chance } from './chance';
import type { Story } from './stories';
import { bodyOf } from './terra-events';

// Everything happened within the last hour.
const PAST_MS = 60 * 60_000;
const APART_MS = 100;

/** All that Terra has to deliver, in the order in which it happened: stories run beside each other. */
export function deliveriesOf(stories: Story[], chance: Chance, startedAt: number): Delivery[] {
  const moments = stories.flatMap((story) => {
    // Some lives are told within a second, some over the whole run.
    const length = chance.next() ** 3;
    const start = chance.within({ from: 0, to: 1 - length });
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
      occurredAt: startedAt - PAST_MS + index * APART_MS,
    }));
}
