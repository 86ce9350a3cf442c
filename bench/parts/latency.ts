import { figure } from '../figures';
import { atMost, type Part } from './part';

const PER_SECOND = 500;
const WARM_UP_MS = 3_000;

/** How long an accepted link takes until a caller can read it, at a steady rate. */
export const latency: Part = async ({ harness, options }) => {
  const service = await harness.startServer('service', { workers: true });
  try {
    const { perSecond, links, p50, p99 } = await harness.load.run({
      kind: 'steady',
      origin: service.origin,
      credentials: harness.credentials,
      databaseUrl: service.database.url,
      workload: 'deliveries',
      perSecond: PER_SECOND,
      warmUpMs: WARM_UP_MS,
      durationMs: options.roundMs * options.rounds,
    });
    return {
      sections: [
        {
          title: 'From accepted to visible',
          note: `A steady ${PER_SECOND} deliveries/s of the mix; from the 200 to the committed connection, for each new link. The bench looks every 4 ms.`,
          head: ['reached/s', 'links', 'p50 ms', 'p99 ms'],
          rows: [[figure(perSecond), String(links), figure(p50), figure(p99)]],
        },
      ],
      goals: [
        atMost('accepted to visible at 500/s, p50', p50, 50, 'ms'),
        atMost('accepted to visible at 500/s, p99', p99, 250, 'ms'),
      ],
    };
  } finally {
    await service.program.stop();
  }
};
