import { figure } from '../figures';
import type { RunningServer } from '../harness';
import { ratioOf, type Outcome, type Target } from '../rounds';
import { atMost, targetOf, type Part } from './part';

const LIMIT = 1.3;
const GOAL_SIZE = 1_000_000;

/** Look-up and accept of the service on databases of several sizes, loaded in turns. */
export const growth: Part = async (bench) => {
  const { harness, options, rounds } = bench;
  const servers = new Map<number, RunningServer>();
  try {
    for (const connections of options.sizes)
      servers.set(connections, await harness.startServer('service', { connections }));
    await harness.checkpoint();
    const targets = Object.fromEntries(
      [...servers].map(([size, server]) => [size, targetOf(bench, server, harness.credentialsFor(size))]),
    ) as Record<number, Target>;
    const outcomes = {
      'look-up': await rounds.alternate('connections', targets),
      accept: await rounds.alternate('deliveries', targets),
    };
    const [smallest = NaN] = options.sizes;
    const timesSlower = (of: Record<number, Outcome>, size: number): number => {
      const [small, large] = [of[smallest], of[size]];
      return small && large ? ratioOf(small, large) : NaN;
    };
    return {
      sections: [
        {
          title: 'Growth',
          note: `The service on databases of several sizes. "slower" compares with ${count(smallest)} connections in the same turn.`,
          head: ['connections', 'look-up/s', 'p99 ms', 'times slower', 'accept/s', 'p99 ms', 'times slower'],
          rows: options.sizes.map((size) => [
            count(size),
            ...Object.values(outcomes).flatMap((of) => [
              figure(of[size]?.perSecond ?? NaN),
              figure(of[size]?.p99 ?? NaN),
              figure(timesSlower(of, size)),
            ]),
          ]),
        },
      ],
      goals: options.sizes.includes(GOAL_SIZE)
        ? Object.entries(outcomes).map(([name, of]) =>
            atMost(
              `${name} at 1 million connections, times slower than at 10 thousand`,
              timesSlower(of, GOAL_SIZE),
              LIMIT,
              '',
            ),
          )
        : [],
    };
  } finally {
    await Promise.all([...servers.values()].map(({ program }) => program.stop()));
  }
};

function count(connections: number): string {
  return connections.toLocaleString('en-US');
}
