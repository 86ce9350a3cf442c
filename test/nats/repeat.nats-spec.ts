import { NatsRelay } from '../../src/events';
import { NatsPublisher } from '../../src/events/nats/nats.publisher';
import { sequenceEvents } from '../support/events';
import { STREAM } from './support/publisher';
import { startRelayedService, type RelayedService } from './support/relayed-service';

describe('A repetition of events through NATS', () => {
  let started: RelayedService;
  let server: RelayedService['server'];
  let service: RelayedService['service'];
  let relay: RelayedService['relay'];
  beforeAll(async () => {
    started = await startRelayedService('connection.*');
    ({ server, service, relay } = started);
  });
  afterAll(() => started.close());

  const append = async (count: number): Promise<void> => {
    await service.query(
      `INSERT INTO terra_connect.outgoing_events (id, type, reference_id, occurred_at, data, created_at)
        SELECT uuidv7(), 'connection.connected', 'user-1', now(), '{}', now() FROM generate_series(1, $1::int)`,
      [count],
    );
    await sequenceEvents(service);
  };
  const published = async (): Promise<string[]> => (await server.stored(STREAM)).map(({ id }) => id);

  it('reaches a new stream also through a process that has published nothing before', async () => {
    await append(10);
    await relay();
    const all = await published();
    expect(all).toHaveLength(10);

    // The stream is lost. Then the service creates it anew, and publishes an event.
    await service.app.get(NatsPublisher, { strict: false }).onApplicationShutdown();
    await server.with((_connection, manager) => manager.streams.delete(STREAM));
    await append(1);
    await relay();
    expect(await published()).toHaveLength(1);
    const [last] = await published();

    await service.app.get(NatsPublisher, { strict: false }).onApplicationShutdown();
    const repeated = await service.app.get(NatsRelay, { strict: false }).repeatFrom(new Date(0));
    expect(repeated).toBe(11);
    await relay();
    expect(await published()).toEqual([last, ...all]);
  });
});
