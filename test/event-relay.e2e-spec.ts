import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventSequencer } from '../src/events';
import type { EventMessage } from '../src/events/cloud-event';
import { EventRelayRepository } from '../src/events/nats/event-relay.repository';
import { NatsPublisher } from '../src/events/nats/nats.publisher';
import { NatsRelayWorker } from '../src/events/nats/nats-relay.worker';
import { cli } from './support/command-line';
import { COMPLETE_ENVIRONMENT } from './support/environment';
import { loggedLines, startTestApp, type TestApp } from './support/app';

const never = (): AbortSignal => new AbortController().signal;

// Each command is a process.
jest.setTimeout(120_000);

describe('The relay to NATS', () => {
  let service: TestApp;
  let worker: NatsRelayWorker;
  beforeAll(async () => {
    // No server listens there.
    service = await startTestApp({
      EVENTS_NATS_URL: 'nats://127.0.0.1:9',
      EVENTS_NATS_TYPES: 'connection.*',
    });
    worker = service.app.get(NatsRelayWorker, { strict: false });
  });
  afterAll(() => service.close());

  const append = async (type: string, count: number): Promise<void> => {
    await service.query(
      `INSERT INTO terra_connect.outgoing_events (id, type, reference_id, occurred_at, data, created_at)
        SELECT uuidv7(), $1, 'user-1', now(), '{}', now() FROM generate_series(1, $2::int)`,
      [type, count],
    );
    while (await service.app.get(EventSequencer, { strict: false }).runOnce());
  };
  const position = async (): Promise<number> => {
    const [row] = await service.query<{ position: string }>(
      'SELECT position FROM terra_connect.event_relays',
    );
    return Number(row?.position);
  };
  const run = async (): Promise<boolean> => {
    worker['retryAt'] = 0;
    return worker.runOnce(never());
  };

  it('starts at the newest event, waits while NATS is away, and goes on with every event', async () => {
    await append('connection.connected', 3);
    expect(await run()).toBe(false);
    expect(await position()).toBe(3);

    await sleep(5);
    const afterThree = new Date().toISOString();
    await append('connection.connected', 501);
    for (let times = 0; times < 3; times += 1) expect(await run()).toBe(false);
    expect(await position()).toBe(3);
    expect(loggedLines(service, 'event_relay.failed')).toEqual([
      expect.objectContaining({
        cause: 'unreachable',
        advice: expect.stringContaining('none is lost') as string,
      }),
    ]);
    expect((await service.api('GET', '/health/ready', { key: null })).status).toBe(200);
    const { body } = await service.api<string>('GET', '/metrics', { key: null });
    expect(body).toContain('terra_connect_nats_failures_total{cause="unreachable"} 3');
    expect(body).toContain('terra_connect_nats_lag_events 501');

    const published: EventMessage[] = [];
    const stub = jest
      .spyOn(service.app.get(NatsPublisher, { strict: false }), 'publish')
      .mockImplementation((events) => Promise.resolve(void published.push(...events)));
    await append('endpoint.disabled', 1);
    expect(await run()).toBe(true);
    expect(await run()).toBe(false);
    expect(published.map((event) => event.position)).toEqual(
      Array.from({ length: 501 }, (_, index) => index + 4),
    );
    expect(await position()).toBe(505);
    expect(loggedLines(service, 'event_relay.recovered')).toHaveLength(1);

    // Another process holds the lease.
    await append('connection.connected', 1);
    await service.query(
      `UPDATE terra_connect.event_relays SET lease_owner = gen_random_uuid(), leased_until = now() + interval '1 hour'`,
    );
    expect(await run()).toBe(false);
    expect(await position()).toBe(505);
    await service.query(`UPDATE terra_connect.event_relays SET leased_until = now() - interval '1 second'`);
    await run();
    expect(await position()).toBe(506);

    // Retention was faster.
    await append('connection.connected', 4);
    await service.query(`UPDATE terra_connect.event_log SET horizon = 508`);
    await run();
    expect(published.at(-1)?.position).toBe(510);
    expect(published.at(-3)?.position).toBe(506);
    expect(loggedLines(service, 'event_relay.events_missed')).toMatchObject([{ from: 507, to: 508 }]);

    // An operator moves the relay back, while another process publishes: that one has lost the lease, so its position is not stored.
    await service.query(`UPDATE terra_connect.event_log SET horizon = 0`);
    const other = randomUUID();
    await service.query(
      `UPDATE terra_connect.event_relays SET lease_owner = $1, leased_until = now() + interval '1 hour'`,
      [other],
    );
    const env = {
      ...COMPLETE_ENVIRONMENT,
      DATABASE_URL: service.databaseUrl,
      EVENTS_NATS_URL: 'nats://127.0.0.1:9',
    };
    const nats = (...args: string[]) => cli(['nats', ...args], env);
    expect((await nats('repeat', '--from', 'soon')).stderr).toContain('--from must be');
    expect((await nats('repeat', '--from', '2100-01-01')).stdout).toBe(repeated(0));
    expect(await nats('repeat', '--from', afterThree)).toMatchObject({ code: 0, stdout: repeated(507) });
    expect(await position()).toBe(3);
    expect((await nats('status')).stdout).toMatch(/^events that wait: 507\nage of the oldest: \d+ s\n$/);
    const relays = service.app.get(EventRelayRepository, { strict: false });
    expect(await relays.advance('nats', other, 510)).toBe(false);
    published.length = 0;
    while (await run());
    expect(published.map((event) => event.position)).toEqual(
      Array.from({ length: 506 }, (_, index) => index + 4 + Number(index > 500)),
    );
    stub.mockRestore();
  });

  it('has no position before events leave through NATS', async () => {
    await service.query('DELETE FROM terra_connect.event_relays');
    const env = { ...COMPLETE_ENVIRONMENT, DATABASE_URL: service.databaseUrl };
    const { code, stderr } = await cli(['nats', 'repeat', '--from', '2026-01-01'], env);
    expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining('Set EVENTS_NATS_URL')]);
    expect(code).not.toBe(0);
    expect(await service.query('SELECT FROM terra_connect.event_relays')).toEqual([]);
  });
});

const repeated = (events: number): string => `events to publish again, of all types: ${events}\n`;
