import { figure, median } from '../figures';
import type { RunningServer } from '../harness';
import type { WorkloadName } from '../workloads';
import { atLeast, targetOf, type Bench, type Part } from './part';

const DRAIN_MS = 120_000;

/** Deliveries applied per second: from the first request until no delivery is pending. */
interface Applied {
  requests: number;
  perSecond: number;
  acceptedPerSecond: number;
  /** Seconds from the last answer until no delivery was pending. */
  restSeconds: number;
}

/** Sends for a round, and waits until no delivery is pending. */
export async function applyOnce(
  bench: Bench,
  servers: RunningServer[],
  workload: WorkloadName = 'deliveries',
): Promise<Applied> {
  const { harness, options } = bench;
  const [first] = servers;
  const startedAt = performance.now();
  const { requests, seconds } = await harness.load.run({
    kind: 'load',
    workload,
    origins: servers.map(({ origin }) => origin),
    credentials: harness.credentials,
    concurrency: options.concurrency,
    durationMs: options.roundMs,
  });
  await first?.database.drained(DRAIN_MS);
  const total = (performance.now() - startedAt) / 1_000;
  return {
    requests,
    perSecond: requests / total,
    acceptedPerSecond: requests / seconds,
    restSeconds: Math.max(0, total - seconds),
  };
}

/** The service with its workers, until nothing is pending, beside the bare peer, which merely stores. */
export const apply: Part = async (bench) => {
  const { harness, options, rounds } = bench;
  const service = await harness.startServer('service', { workers: true });
  const bare = await harness.startServer('bare');
  try {
    const applied: Applied[] = [];
    const ratios: number[] = [];
    const stored: number[] = [];
    for (let turn = 0; turn <= options.rounds; turn += 1) {
      const both = await rounds.once('deliveries', targetOf(bench, bare));
      const one = await applyOnce(bench, [service]);
      // The first turn is a warm-up.
      if (turn === 0) continue;
      applied.push(one);
      stored.push(both);
      ratios.push(one.perSecond / both);
    }
    const of = (name: keyof Applied): string => figure(median(applied.map((one) => one[name])));
    return {
      sections: [
        {
          title: 'Accept and apply',
          note: 'From the first delivery until none is pending, with the same mix. The bare peer merely stores.',
          head: ['server', 'applied/s', 'accepted/s', 'seconds of backlog', 'ratio to bare'],
          rows: [
            ['service', of('perSecond'), of('acceptedPerSecond'), of('restSeconds'), figure(median(ratios))],
            ['bare', '', figure(median(stored)), '', '1.00'],
          ],
        },
      ],
      goals: [atLeast('accept and apply, ratio to what the bare peer stores', median(ratios), 0.5)],
    };
  } finally {
    await Promise.all([service, bare].map(({ program }) => program.stop()));
  }
};

/** One, two and three processes of the service on one database. */
export const processes: Part = async (bench) => {
  const { harness, options } = bench;
  const rows: string[][] = [];
  let alone = NaN;
  for (const count of [1, 2, 3]) {
    const servers: RunningServer[] = [];
    try {
      for (let n = 0; n < count; n += 1)
        servers.push(await harness.startServer('service', { workers: true }));
      await applyOnce(bench, servers);
      const applied: Applied[] = [];
      for (let turn = 0; turn < options.rounds; turn += 1) applied.push(await applyOnce(bench, servers));
      const perSecond = median(applied.map((one) => one.perSecond));
      if (count === 1) alone = perSecond;
      const accepted = median(applied.map(({ acceptedPerSecond }) => acceptedPerSecond));
      rows.push([String(count), figure(perSecond), figure(accepted), figure(perSecond / alone)]);
    } finally {
      await Promise.all(servers.map(({ program }) => program.stop()));
    }
  }
  const helps = Number(rows[1]?.[3]);
  return {
    sections: [
      {
        title: 'Processes',
        note: 'Accept and apply with several processes; the sender and Postgres have the same cores.',
        head: ['processes', 'applied/s', 'accepted/s', 'ratio to one'],
        rows,
      },
    ],
    goals: [atLeast('a second process never hurts, ratio to one', helps, 1)],
  };
};
