import { figure, median } from '../figures';
import { atMost, type Part } from './part';
import { takeLinks, withTakers } from './taking';

const TYPES = ['*'];
const LIVE = 9;

/** Nine endpoints that answer, with and without a tenth that accepts connections and never answers, in turns. */
export const dead: Part = async (bench) => {
  const { harness, options } = bench;
  const service = await harness.startServer('service', { workers: true, variant: 'events' });
  const links = Math.ceil(options.links / 4);
  const alone: number[] = [];
  const besideDead: number[] = [];
  try {
    await withTakers(bench, service, async () => {
      await harness.takers.run<'receive'>({ kind: 'receive', endpoints: LIVE, types: TYPES });
      const endpointId = await harness.takers.run<'hang'>({ kind: 'hang', types: TYPES });
      for (let turn = 0; turn <= options.rounds; turn += 1)
        for (const [enabled, seconds] of [[false, alone] as const, [true, besideDead] as const]) {
          await harness.takers.run<'enable'>({ kind: 'enable', endpointId, enabled });
          const round = await takeLinks(bench, service, links);
          // The first turn is a warm-up.
          if (turn > 0) seconds.push(round.seconds);
        }
    });
  } finally {
    await service.program.stop();
  }
  const slower = median(besideDead.map((seconds, turn) => seconds / (alone[turn] ?? NaN)));
  const row = (name: string, seconds: number[]): string[] => {
    return [name, figure(median(seconds)), figure((links * LIVE) / median(seconds))];
  };
  return {
    sections: [
      {
        title: 'One dead endpoint among ten',
        note: `${links} new links; from the first request until each of the nine others has the last event.`,
        head: ['the tenth endpoint', 'seconds', 'deliveries/s to the nine', 'times slower'],
        rows: [
          [...row('disabled', alone), '1.00'],
          [...row('accepts connections, never answers', besideDead), figure(slower)],
        ],
      },
    ],
    goals: [atMost('nine endpoints beside a dead one, times slower', slower, 1.1, '')],
  };
};
