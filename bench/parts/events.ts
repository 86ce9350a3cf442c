import { becomesTrue } from '../../local/waiting';
import { lastPositionOf, settledEvents } from '../database';
import { figure, median } from '../figures';
import type { RunningServer } from '../harness';
import type { Bench, Part } from './part';
import { sendLinks, takeLinks, withTakers, type TakenRound } from './taking';

const TYPES = ['*'];
const STREAM = 'TERRA_CONNECT_EVENTS';
const FIRST_LINKS = 50;
const RELAYED_MS = 30_000;

interface Way {
  name: string;
  /** How many takers get each event. */
  takers: number;
  subscribe: (bench: Bench) => Promise<unknown>;
}

const endpoints = (count: number): Way => ({
  name: count === 1 ? '1 endpoint' : `${count} endpoints`,
  takers: count,
  subscribe: ({ harness }) =>
    harness.takers.run<'receive'>({ kind: 'receive', endpoints: count, types: TYPES }),
});

const WAYS: Way[] = [
  {
    name: 'the log',
    takers: 1,
    subscribe: ({ harness }) => harness.takers.run<'readFeed'>({ kind: 'readFeed' }),
  },
  endpoints(1),
  endpoints(10),
  endpoints(100),
];

/** How many events per second leave on each way, from the first webhook until the last taker has the last event. */
export const events: Part = async (bench) => {
  const rows: string[][] = [];
  const service = await bench.harness.startServer('service', { workers: true, variant: 'events' });
  try {
    for (const way of WAYS)
      rows.push(
        await withTakers(bench, service, async () => {
          await way.subscribe(bench);
          return measure(bench, service, way);
        }),
      );
  } finally {
    await service.program.stop();
  }
  rows.push(await toNats(bench));
  return {
    sections: [
      {
        title: 'Events',
        note: `Only new links, each of which makes one event: from the first request until each taker has the last event. So the figures include accepting and applying. The receivers verify each signature; the log is read by one long poll after the other.`,
        head: ['way out', 'events', 'events/s', 'deliveries/s', 'CPU ms per event', 'CPU ms per delivery'],
        rows,
      },
    ],
    goals: [],
  };
};

async function measure(
  bench: Bench,
  service: RunningServer,
  { name, takers }: Pick<Way, 'name' | 'takers'>,
): Promise<string[]> {
  // Fewer events for many takers, so that each way takes a similar time.
  const links = Math.ceil(bench.options.links / Math.max(1, takers / 5));
  const rounds: TakenRound[] = [];
  for (let turn = 0; turn <= bench.options.rounds; turn += 1) {
    const round = await takeLinks(bench, service, links);
    // The first turn is a warm-up.
    if (turn > 0) rounds.push(round);
  }
  const perSecond = median(rounds.map(({ events: count, seconds }) => count / seconds));
  const cpuMs = median(rounds.map(({ events: count, cpuSeconds }) => (cpuSeconds * 1_000) / count));
  const count = links.toLocaleString('en-US');
  return [name, count, ...[perSecond, perSecond * takers, cpuMs, cpuMs / takers].map(figure)];
}

async function toNats(bench: Bench): Promise<string[]> {
  const { harness } = bench;
  const nats = await harness.startNats();
  if (!nats) return ['NATS: not measured, no nats-server here', '', '', '', '', ''];
  const environment = { EVENTS_NATS_URL: nats.url, EVENTS_NATS_STREAM: STREAM };
  const service = await harness.startServer('service', { workers: true, variant: 'events', environment });
  try {
    await relayed(service);
    // The service creates the stream with the first events.
    await sendLinks(bench, service, FIRST_LINKS);
    await settledEvents(service.database, 0, RELAYED_MS);
    await relayed(service);
    return await withTakers(bench, service, async () => {
      await harness.takers.run<'readNats'>({ kind: 'readNats', servers: nats.url, stream: STREAM });
      return measure(bench, service, { name: 'NATS', takers: 1 });
    });
  } finally {
    await service.program.stop();
    await nats.stop();
  }
}

/** Waits until the relay has published every event. */
async function relayed({ database }: RunningServer): Promise<void> {
  const hasAll = async (): Promise<boolean> => {
    const [relay] = await database.query<{ position: number }>(
      `SELECT position::int FROM terra_connect.event_relays WHERE name = 'nats'`,
    );
    return relay?.position === (await lastPositionOf(database));
  };
  if (!(await becomesTrue(hasAll, RELAYED_MS))) throw new Error('The relay does not publish to NATS.');
}
