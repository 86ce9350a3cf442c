import { NatsPublisher } from '../../../src/events/nats/nats.publisher';
import type { NatsOptions } from '../../../src/config';
import type { TestNatsServer } from './nats-server';

export const STREAM = 'TEST_EVENTS';
export const PREFIX = 'test.events';

export function natsOptions(server: TestNatsServer, options: Partial<NatsOptions> = {}): NatsOptions {
  return {
    servers: [server.url],
    credentialsFile: '',
    caFile: '',
    prefix: PREFIX,
    partitions: 4,
    stream: STREAM,
    types: ['*'],
    ...options,
  };
}

export function makePublisher(options: NatsOptions): NatsPublisher {
  const retention = {
    sessionsDays: 0,
    webhookEventsDays: 0,
    historyDays: 0,
    deauthenticationsDays: 0,
    eventsDays: 14,
  };
  return new NatsPublisher(options, retention, { publicUrl: 'https://connect.example.com', returnUrls: [] });
}
