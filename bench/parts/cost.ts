import { settledEvents } from '../database';
import { figure, median } from '../figures';
import type { RunningServer } from '../harness';
import { processorSecondsOf } from '../system';
import type { WorkloadName } from '../workloads';
import { applyOnce } from './apply';
import { atMost, type Bench, type Part } from './part';

const SETTLE_MS = 120_000;

interface Applied {
  perSecond: number;
  cpuMs: number;
}

/** What the events cost: the service beside itself without them, in turns. No one takes the events. */
export const cost: Part = async (bench) => {
  const { harness } = bench;
  const plain = await harness.startServer('service', { workers: true, variant: 'cost' });
  const silent = await harness.startServer('service', {
    workers: true,
    variant: 'cost_without',
    script: 'bench/without-events/main.js',
  });
  try {
    const mix = await compare(bench, 'deliveries', { plain, silent });
    const links = await compare(bench, 'links', { plain, silent });
    return {
      sections: [
        {
          title: 'The cost of events',
          note: 'Accept and apply, with and without the events of connections: making them, appending them, and giving them positions. The cost is the time that they add to a webhook, as the median over the turns.',
          head: ['webhooks', 'applied/s', 'without events/s', 'CPU ms each', 'without events', 'cost'],
          rows: [mix.row('the mix'), links.row('only new links')],
        },
      ],
      goals: [atMost('the cost of events in applying the mix', mix.percent, 15, '%')],
    };
  } finally {
    await Promise.all([plain, silent].map(({ program }) => program.stop()));
  }
};

async function compare(
  bench: Bench,
  workload: WorkloadName,
  { plain, silent }: { plain: RunningServer; silent: RunningServer },
): Promise<{ percent: number; row: (name: string) => string[] }> {
  const [withEvents, without]: [Applied[], Applied[]] = [[], []];
  for (let turn = 0; turn <= bench.options.rounds; turn += 1) {
    const [one, other] = [await applied(bench, silent, workload), await applied(bench, plain, workload)];
    // The first turn is a warm-up.
    if (turn === 0) continue;
    without.push(one);
    withEvents.push(other);
  }
  const ratios = withEvents.map(({ perSecond }, turn) => (without[turn]?.perSecond ?? NaN) / perSecond);
  const percent = (median(ratios) - 1) * 100;
  const of = (all: Applied[], name: keyof Applied): string => figure(median(all.map((one) => one[name])));
  const row = (name: string): string[] => [
    name,
    of(withEvents, 'perSecond'),
    of(without, 'perSecond'),
    of(withEvents, 'cpuMs'),
    of(without, 'cpuMs'),
    `${figure(percent)} %`,
  ];
  return { percent, row };
}

async function applied(bench: Bench, server: RunningServer, workload: WorkloadName): Promise<Applied> {
  const { pid } = server.program;
  const before = processorSecondsOf(pid);
  const { perSecond, requests } = await applyOnce(bench, [server], workload);
  // The next turn starts without a backlog of this one.
  await settledEvents(server.database, 0, SETTLE_MS);
  return { perSecond, cpuMs: ((processorSecondsOf(pid) - before) * 1_000) / requests };
}
