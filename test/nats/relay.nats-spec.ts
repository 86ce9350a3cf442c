import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import { findFreePort } from '../../local/ports';
import { becomesTrue } from '../../local/waiting';
import { ServiceProcess } from '../stage/service-process';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { SeededRandom } from '../support/seeded-random';
import { TestNatsServer } from './support/nats-server';
import { PREFIX, STREAM } from './support/publisher';

const PEOPLE = 500;
const EVENTS_PER_PERSON = 40;
const KILLS = 6;
const DURABLE = 'checker';
const CAUGHT_UP_MS = 180_000;

/** A pair of service and NATS server that are killed at random times. */
class CrashingPair {
  kills = { service: 0, server: 0 };
  private service: ServiceProcess | null = null;

  constructor(
    private readonly server: TestNatsServer,
    private readonly spawn: () => ServiceProcess,
    private readonly random: SeededRandom,
  ) {}

  async start(): Promise<void> {
    this.service = this.spawn();
    await this.service.ready();
  }

  async killService(): Promise<void> {
    await this.service?.program.kill();
    this.kills.service += 1;
    await this.start();
  }

  async killServer(): Promise<void> {
    await this.server.kill();
    this.kills.server += 1;
    await sleep(this.random.within({ from: 50, to: 1_000 }));
    await this.server.restart();
  }

  async stop(): Promise<void> {
    await this.service?.program.kill();
  }
}

describe('Events on their way to NATS', () => {
  let database: TestDatabase;
  let server: TestNatsServer;
  let folder: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    server = await TestNatsServer.start();
    folder = mkdtempSync(join(tmpdir(), 'nats-relay-'));
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('reach a durable consumer all, and in order for each person, although server and service are killed', async () => {
    const seed = Number(process.env.NATS_SEED ?? Date.now() % 1_000_000);
    const random = new SeededRandom(seed);
    const logFile = join(folder, 'service.log');
    const port = await findFreePort();
    const environment = {
      EVENTS_NATS_URL: server.url,
      EVENTS_NATS_STREAM: STREAM,
      EVENTS_NATS_PREFIX: PREFIX,
    };
    const pair = new CrashingPair(
      server,
      () => ServiceProcess.spawn({ databaseUrl: database.url, logFile, port, environment }),
      random,
    );
    await pair.start();
    const read: { person: string; number: number; id: string }[] = [];
    try {
      // From its first start on, the relay publishes what is new.
      await becomesTrue(async () => (await positions()).relay !== null, CAUGHT_UP_MS);
      const killing = (async () => {
        for (let kill = 0; kill < KILLS; kill += 1) {
          await sleep(random.within({ from: 200, to: 1_200 }));
          if (kill % 2 === 0) await pair.killServer();
          else await pair.killService();
        }
      })();
      for (let number = 1; number <= EVENTS_PER_PERSON; number += 1) {
        await append(number);
        await sleep(random.within({ from: 0, to: 800 }));
      }
      await killing;
      const isCaughtUp = await becomesTrue(async () => {
        const { last, relay } = await positions();
        return last === PEOPLE * EVENTS_PER_PERSON && relay === last;
      }, CAUGHT_UP_MS);
      expect({ isCaughtUp, seed }).toEqual({ isCaughtUp: true, seed });
      // A consumer survives the crash of the server, too.
      await consume(2_000);
      await pair.killServer();
      await consume(Infinity);
    } finally {
      await pair.stop();
    }
    const numbers = new Map<string, number[]>();
    const ids = new Set<string>();
    const repeated = read.filter(({ person, number, id }) => {
      if (ids.has(id)) return true;
      ids.add(id);
      numbers.set(person, [...(numbers.get(person) ?? []), number]);
      return false;
    });
    expect({ seed, events: ids.size, people: numbers.size }).toEqual({
      seed,
      events: PEOPLE * EVENTS_PER_PERSON,
      people: PEOPLE,
    });
    const inOrder = Array.from({ length: EVENTS_PER_PERSON }, (_, index) => index + 1);
    expect([...numbers].filter(([, own]) => own.join() !== inOrder.join())).toEqual([]);
    expect(pair.kills).toEqual({ service: KILLS / 2, server: KILLS / 2 + 1 });
    // The stream itself has no event twice: the repetitions are those of the consumer, which had not acknowledged.
    const stored = await server.with((_connection, manager) => manager.streams.info(STREAM));
    expect({ seed, stored: stored.state.messages }).toEqual({ seed, stored: PEOPLE * EVENTS_PER_PERSON });
    expect(repeated.length).toBeLessThanOrEqual(2_000);
    expect(readFileSync(logFile, 'utf8')).toContain('event_relay.connected');

    async function consume(limit: number): Promise<void> {
      await server.with(async (connection, manager) => {
        await manager.consumers.add(STREAM, { durable_name: DURABLE, ack_policy: 'explicit' });
        const consumer = await jetstream(connection).consumers.get(STREAM, DURABLE);
        for (let count = 0; count < limit;) {
          const before = count;
          for await (const message of await consumer.fetch({ max_messages: 500, expires: 2_000 })) {
            const { id, data } = message.json<{ id: string; data: { person: string; number: number } }>();
            read.push({ ...data, id });
            message.ack();
            count += 1;
          }
          if (count === before) break;
        }
        await connection.flush();
      });
    }
  });

  async function append(number: number): Promise<void> {
    await database.query(
      `INSERT INTO terra_connect.outgoing_events (id, type, reference_id, occurred_at, data, created_at)
        SELECT uuidv7(), 'connection.recovered', 'user-' || person, now(),
            json_build_object('person', 'user-' || person, 'number', $1::int)::text, now()
          FROM generate_series(1, ${PEOPLE}) person ORDER BY random()`,
      [number],
    );
  }

  async function positions(): Promise<{ last: number; relay: number | null }> {
    const [row] = await database.query<{ last: string; relay: string | null }>(
      `SELECT last_position AS last, (SELECT position FROM terra_connect.event_relays) AS relay FROM terra_connect.event_log`,
    );
    return { last: Number(row?.last), relay: row?.relay == null ? null : Number(row.relay) };
  }
});
