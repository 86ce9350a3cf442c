import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { findFreePort } from '../../local/ports';
import { makeEvents } from '../support/event-publisher-contract';
import { TestNatsServer } from './support/nats-server';
import { makePublisher, natsOptions, STREAM } from './support/publisher';

const SERVERS = ['a', 'b', 'c'];
const BATCH = 100;
const ELECTION_MS = 60_000;

/** Three servers that know each other. The first start elects a leader. */
async function startCluster(): Promise<TestNatsServer[]> {
  const ports = [await findFreePort(), await findFreePort(), await findFreePort()];
  const routes = ports.map((port) => `"nats-route://127.0.0.1:${port}"`).join(', ');
  return Promise.all(
    SERVERS.map((name, index) =>
      TestNatsServer.start(
        `server_name: ${name}
         cluster { name: test, listen: "127.0.0.1:${ports[index]}", routes: [ ${routes} ] }`,
      ),
    ),
  );
}

describe('A cluster of NATS', () => {
  let servers: TestNatsServer[];
  beforeAll(async () => {
    Logger.overrideLogger(false);
    servers = await startCluster();
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
  });

  it('has every event once and in order after the leader of the stream was killed between two batches', async () => {
    const publisher = makePublisher(natsOptions(servers[0]!, { servers: servers.map(({ url }) => url) }));
    const events = makeEvents(10 * BATCH);
    let killed: string | undefined;
    for (let first = 0; first < events.length; first += BATCH) {
      if (first === 5 * BATCH) killed = await killLeader();
      // As the relay does: the same batch again, until all of it is stored.
      await soon(() => publisher.publish(events.slice(first, first + BATCH), AbortSignal.timeout(20_000)));
    }
    const victim = servers[SERVERS.indexOf(killed!)]!;
    await victim.restart();
    const { config } = await soon(() => victim.with((_, manager) => manager.streams.info(STREAM)));
    expect(config.num_replicas).toBe(3);
    const stored = await soon(() => victim.stored(STREAM));
    expect(stored.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    await publisher.onApplicationShutdown();
  });

  async function killLeader(): Promise<string> {
    const { cluster } = await servers[0]!.with((_, manager) => manager.streams.info(STREAM));
    const leader = cluster?.leader ?? '';
    await servers[SERVERS.indexOf(leader)]!.kill();
    return leader;
  }
});

/** Tries again while the servers elect their leaders. */
async function soon<Result>(work: () => Promise<Result>): Promise<Result> {
  const deadline = Date.now() + ELECTION_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(500);
    }
  }
}
