import type { CloudEvent } from '../../src/events/cloud-event';
import { EventSequencer } from '../../src/events';
import type { TestApp } from './app';

export interface EventPageAnswer {
  items: CloudEvent[];
  nextCursor: string;
  hasMore: boolean;
}

/** Gives every committed event its position. */
export async function sequenceEvents({ app }: TestApp): Promise<void> {
  const sequencer = app.get(EventSequencer, { strict: false });
  while (await sequencer.runOnce());
}

export async function readEvents(
  service: TestApp,
  query: Record<string, string> = {},
): Promise<EventPageAnswer> {
  const answer = await service.api<EventPageAnswer>(
    'GET',
    `/v1/events?${new URLSearchParams(query).toString()}`,
  );
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body;
}

/** Every event about an end user, after all have a position. */
export async function eventsOf(service: TestApp, referenceId: string): Promise<CloudEvent[]> {
  await sequenceEvents(service);
  return (await readEvents(service, { referenceId, limit: '500' })).items;
}
