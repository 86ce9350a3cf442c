import Ajv, { type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { CloudEvent as OfficialCloudEvent } from 'cloudevents';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CloudEvent } from '../../src/events/cloud-event';
import { EventSequencer } from '../../src/events';
import type { TestApp } from './app';

export interface EventPageAnswer {
  items: CloudEvent[];
  nextCursor: string;
  hasMore: boolean;
}

interface AsyncApi {
  components: { messages: Record<string, { payload: object }>; schemas: Record<string, object> };
}

const validators = new Map<string, ValidateFunction>();

/** Checks an event against asyncapi.json, and with the library of CloudEvents. */
export function checkEvent(event: CloudEvent): void {
  const { components } = JSON.parse(
    readFileSync(join(__dirname, '..', '..', 'asyncapi.json'), 'utf8'),
  ) as AsyncApi;
  const message = components.messages[event.type];
  if (!message) throw new Error(`asyncapi.json has no message ${event.type}.`);
  let validate = validators.get(event.type);
  if (!validate) {
    const ajv = new Ajv({ strict: false, allErrors: true });
    addFormats(ajv);
    validate = ajv.compile({ ...message.payload, components });
    validators.set(event.type, validate);
  }
  const isValid: boolean = validate(event);
  if (!isValid) throw new Error(`${event.type}: ${JSON.stringify(validate.errors)}`);
  new OfficialCloudEvent(event as unknown as Partial<OfficialCloudEvent<unknown>>).validate();
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
  const parameters = new URLSearchParams(query).toString();
  const answer = await service.api<EventPageAnswer>('GET', `/v1/events?${parameters}`);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body;
}

/** Every event about an end user, after all have a position. Each is as documented. */
export async function eventsOf(service: TestApp, referenceId: string): Promise<CloudEvent[]> {
  await sequenceEvents(service);
  const { items } = await readEvents(service, { referenceId, limit: '500' });
  items.forEach(checkEvent);
  return items;
}
