import { setTimeout as sleep } from 'node:timers/promises';
import { lanesPerEndpoint } from '../../src/events/deliveries/endpoint-pace';
import { settledEvents } from '../database';
import { figure, median, percentile } from '../figures';
import type { RunningServer } from '../harness';
import { memoryOf } from '../system';
import { LaneTimer } from '../lane-timer';
import { seedWaitingDeliveries } from '../waiting-deliveries';
import { atMost, type Bench, type Part } from './part';
import { sendLinks, withTakers } from './taking';

const ENDPOINTS = 10;
const PICKS = 100;
const SAMPLE_MS = 200;
const SETTLE_MS = 30_000;
const MEGABYTE = 1_024 * 1_024;
/** How much more memory than with few waiting deliveries still counts as flat. */
const FLAT = 1.2;

interface Figures {
  /** Milliseconds, in ascending order: for one lane of each endpoint, and for as many as the service takes. */
  next: number[];
  firstPicks: number[];
  perSecond: number;
  /** The most memory of the service while it delivers. */
  megabytes: number;
}

/** How the service picks and delivers when very many deliveries wait, for retries and because they are due. */
export const waiting: Part = async (bench) => {
  const [few, many] = bench.options.waiting;
  const first = await measure(bench, few);
  const then = await measure(bench, many);
  const row = (count: number, { next, firstPicks, perSecond, megabytes }: Figures): string[] => [
    count.toLocaleString('en-US'),
    ...[median(next), percentile(next, 99), median(firstPicks), perSecond, megabytes].map(figure),
  ];
  const million = `with ${many.toLocaleString('en-US')} waiting deliveries`;
  return {
    sections: [
      {
        title: 'Waiting deliveries',
        note: `To ${ENDPOINTS} endpoints, two for each end user and endpoint; half of the end users are due, the others wait for a retry. A pick takes lanes of all endpoints, and reads their deliveries and events: the next one, a lane of each endpoint; the first one after a start, ${lanesPerEndpoint(ENDPOINTS)} of each. Memory (RSS): the most while the service delivers.`,
        head: ['waiting', 'next pick p50 ms', 'p99 ms', 'first pick p50 ms', 'deliveries/s', 'memory MB'],
        rows: [row(few, first), row(many, then)],
      },
    ],
    goals: [
      atMost(`the next pick ${million}, p50`, median(then.next), 20, 'ms'),
      atMost(
        `memory ${million}, ratio to ${few.toLocaleString('en-US')}`,
        then.megabytes / first.megabytes,
        FLAT,
        '',
      ),
    ],
  };
};

async function measure(bench: Bench, count: number): Promise<Figures> {
  const { harness, options } = bench;
  // Without workers first, so that nothing leaves before everything waits.
  const passive = await harness.startServer('service', { variant: `waiting_${count}` });
  const service = async (work: (server: RunningServer) => Promise<number>): Promise<number> => {
    const server = await harness.startServer('service', { workers: true, variant: `waiting_${count}` });
    try {
      return await work(server);
    } finally {
      await server.program.stop();
    }
  };
  // One real event, of which the others are copies.
  await service(async (server) => {
    await sendLinks(bench, server, 1);
    return (await settledEvents(server.database, 0, SETTLE_MS)).count;
  });
  try {
    return await withTakers(bench, passive, async () => {
      const endpointIds = await harness.takers.run<'receive'>({
        kind: 'receive',
        endpoints: ENDPOINTS,
        types: ['*'],
      });
      await seedWaitingDeliveries(passive.database, endpointIds, count);
      await harness.checkpoint();
      const { url } = passive.database;
      const next = await LaneTimer.picks(url, endpointIds, 1, PICKS);
      const firstPicks = await LaneTimer.picks(url, endpointIds, lanesPerEndpoint(ENDPOINTS), PICKS);
      let megabytes = 0;
      const delivered = await service(async ({ program }) => {
        const end = performance.now() + options.roundMs * 2;
        while (performance.now() < end) {
          megabytes = Math.max(megabytes, memoryOf(program.pid) / MEGABYTE);
          await sleep(SAMPLE_MS);
        }
        return harness.takers.run<'count'>({ kind: 'count' });
      });
      await expectStored(bench, passive);
      return { next, firstPicks, perSecond: delivered / ((options.roundMs * 2) / 1_000), megabytes };
    });
  } finally {
    await passive.program.stop();
  }
}

/** Throws unless the service has stored exactly what arrived. */
async function expectStored({ harness }: Bench, { database }: RunningServer): Promise<void> {
  const arrived = await harness.takers.run<'count'>({ kind: 'count' });
  const [row] = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM terra_connect.event_deliveries WHERE status = 'delivered'`,
  );
  if (row?.count !== arrived) throw new Error(`${arrived} events arrived, ${row?.count} are stored.`);
}
