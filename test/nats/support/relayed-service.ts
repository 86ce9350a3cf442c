import { NatsRelayWorker } from '../../../src/events/nats/nats-relay.worker';
import { startTestApp, type TestApp } from '../../support/app';
import { TestNatsServer } from './nats-server';
import { PREFIX, STREAM } from './publisher';

/** The service with a NATS server of its own. Its relay has started, so it publishes what is new. */
export interface RelayedService {
  server: TestNatsServer;
  service: TestApp;
  /** Publishes every event that has a position. */
  relay: () => Promise<void>;
  close: () => Promise<void>;
}

/** @param types what leaves through NATS */
export async function startRelayedService(types: string): Promise<RelayedService> {
  const server = await TestNatsServer.start();
  const service = await startTestApp({
    EVENTS_NATS_URL: server.url,
    EVENTS_NATS_STREAM: STREAM,
    EVENTS_NATS_PREFIX: PREFIX,
    EVENTS_NATS_TYPES: types,
  });
  const worker = service.app.get(NatsRelayWorker, { strict: false });
  const relay = async (): Promise<void> => {
    while (await worker.runOnce(new AbortController().signal));
  };
  await relay();
  const close = async (): Promise<void> => {
    await service.close();
    await server.stop();
  };
  return { server, service, relay, close };
}
