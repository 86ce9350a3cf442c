import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT_TYPES } from '../src/events';
import { toClaimCheck, toMessage, type CloudEvent } from '../src/events/cloud-event';
import type { OutgoingEvent } from '../src/events';
import { checkEvent } from './support/events';

describe('asyncapi.json', () => {
  const { components } = JSON.parse(readFileSync(join(__dirname, '..', 'asyncapi.json'), 'utf8')) as {
    components: { messages: Record<string, unknown> };
  };
  const data = {
    referenceId: 'user-4711',
    connectionId: null,
    terraUserId: null,
    provider: null,
    terraType: 'daily',
  };
  const message = toMessage(
    {
      id: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10',
      type: 'data.daily',
      referenceId: 'user-4711',
      position: '42',
      occurredAt: new Date('2026-11-24T09:30:00Z'),
      data: JSON.stringify(data),
    } as OutgoingEvent,
    'https://connect.example.com',
    [Buffer.from('{"steps":1}')],
  );
  const json = Buffer.concat([...message.parts]).toString();

  it('has a message for every type that a receiver can get', () => {
    expect(Object.keys(components.messages)).toEqual([...EVENT_TYPES, 'endpoint.test']);
  });

  it('describes health data, and the reference to it in place of what no message can carry', () => {
    const claim = toClaimCheck(message, 'https://connect.example.com');
    for (const text of [json, claim]) checkEvent(JSON.parse(text) as CloudEvent);
  });

  it('does not accept health data without the data and without a reference to it', () => {
    const neither = { ...(JSON.parse(json) as CloudEvent), data: undefined };
    expect(() => checkEvent(JSON.parse(JSON.stringify(neither)) as CloudEvent)).toThrow('data.daily');
  });
});
