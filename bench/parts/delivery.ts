import { lastPositionOf } from '../database';
import { figure, percentile } from '../figures';
import type { RunningServer } from '../harness';
import { atMost, type Bench, type Part } from './part';
import { takeAll, withTakers } from './taking';

const PER_SECOND = 500;
// Longer than a new process needs to be as fast as it will be, and to work off what came before.
const WARM_UP_MS = 8_000;
const WITHOUT_DATA = ['*'];
const WITH_DATA = ['*', 'data.*'];

/** Times in milliseconds, from the 200 for a webhook to the arrival of its event. */
interface Delays {
  perSecond: number;
  links: number[];
  data: number[];
}

/** How long an accepted webhook takes until its event arrives at a webhook endpoint, at a steady rate. */
export const delivery: Part = async (bench) => {
  const service = await bench.harness.startServer('service', { workers: true, variant: 'events' });
  try {
    const plain = await measure(bench, service, WITHOUT_DATA);
    const withData = await measure(bench, service, WITH_DATA);
    return {
      sections: [
        {
          title: 'From accepted to delivered',
          note: `A steady ${PER_SECOND} webhooks/s of the mix to the service, and one endpoint; from the 200 to the arrival of the event of each new link, and of all health data if the endpoint takes it.`,
          head: ['endpoint takes', 'reached/s', 'event', 'events', 'p50 ms', 'p99 ms'],
          rows: [
            row('* (no health data)', plain, 'connection', plain.links),
            row('*, data.*', withData, 'connection', withData.links),
            row('*, data.*', withData, 'health data', withData.data),
          ],
        },
      ],
      goals: [
        atMost('accepted to delivered at 500/s, p50', percentile(plain.links, 50), 100, 'ms'),
        atMost('accepted to delivered at 500/s, p99', percentile(plain.links, 99), 500, 'ms'),
      ],
    };
  } finally {
    await service.program.stop();
  }
};

function row(types: string, { perSecond }: Delays, event: string, delays: number[]): string[] {
  const times = [percentile(delays, 50), percentile(delays, 99)].map(figure);
  return [types, figure(perSecond), event, String(delays.length), ...times];
}

function measure(bench: Bench, service: RunningServer, types: string[]): Promise<Delays> {
  return withTakers(bench, service, async () => {
    const { harness, options } = bench;
    await harness.takers.run<'receive'>({ kind: 'receive', endpoints: 1, types });
    const position = await lastPositionOf(service.database);
    const { perSecond, links, data } = await harness.load.run({
      kind: 'pace',
      workload: 'deliveries',
      origin: service.origin,
      credentials: harness.credentials,
      perSecond: PER_SECOND,
      warmUpMs: WARM_UP_MS,
      durationMs: options.roundMs * options.rounds,
    });
    const takesData = types === WITH_DATA;
    const [taken] = await takeAll(bench, service, position, links.length + (takesData ? data.length : 0));
    const arrivals = new Map(taken?.times);
    return {
      perSecond,
      links: delaysOf(links, arrivals),
      data: takesData ? delaysOf(data, arrivals) : [],
    };
  });
}

/** @returns the delays in ascending order. @throws Error when an accepted webhook made no event */
function delaysOf(accepted: [string, number][], arrivals: Map<string, number>): number[] {
  const delays = accepted.map(([key, acceptedAt]) => {
    const arrivedAt = arrivals.get(key);
    if (arrivedAt === undefined) throw new Error(`The webhook of ${key} made no event.`);
    return arrivedAt - acceptedAt;
  });
  return delays.sort((a, b) => a - b);
}
