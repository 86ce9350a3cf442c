import { setTimeout as sleep } from 'node:timers/promises';
import { figure, median } from '../figures';
import { PEERS, type RunningServer, type ServerName } from '../harness';
import { memoryOf, processorSecondsOf } from '../system';
import { atMost, targetOf, type Bench, type Part } from './part';

const MEGABYTE = 1_024 * 1_024;

interface Costs {
  startSeconds: number;
  /** Processor time until ready. Unlike startSeconds, it does not depend on other programs of the machine. */
  startCpu: number;
  idle: number;
  loaded: number;
}

/** Start-up and memory of the service and of each peer. */
export const start: Part = async (bench) => {
  const costs = new Map<ServerName, Costs>();
  for (const name of ['service', ...PEERS] as const) costs.set(name, await measure(bench, name));
  const service = costs.get('service');
  const { starts, idleSeconds } = bench.options;
  return {
    sections: [
      {
        title: 'Start and memory',
        note: `Spawn to ready: median of ${starts}. Memory (RSS) ${idleSeconds} s after ready, and ${idleSeconds} s after deliveries and look-ups. The workers of the service run.`,
        head: ['server', 'start s', 'CPU s until ready', 'idle MB', 'after load MB'],
        rows: [...costs].map(([name, { startSeconds, startCpu, idle, loaded }]) => [
          name,
          figure(startSeconds),
          figure(startCpu),
          figure(idle),
          figure(loaded),
        ]),
      },
    ],
    goals: [
      atMost('start', service?.startSeconds ?? NaN, 1.5, 's'),
      atMost('idle memory', service?.idle ?? NaN, 150, 'MB'),
    ],
  };
};

async function measure(bench: Bench, name: ServerName): Promise<Costs> {
  const { harness, options, rounds } = bench;
  const starts: RunningServer[] = [];
  const cpu: number[] = [];
  for (;;) {
    const server = await harness.startServer(name, { workers: true });
    starts.push(server);
    cpu.push(processorSecondsOf(server.program.pid));
    if (starts.length > options.starts) break;
    await server.program.stop();
  }
  const last = starts.at(-1)!;
  const { pid } = last.program;
  try {
    await sleep(options.idleSeconds * 1_000);
    const idle = memoryOf(pid) / MEGABYTE;
    for (const workload of ['deliveries', 'connections'] as const)
      await rounds.once(workload, targetOf(bench, last));
    await sleep(options.idleSeconds * 1_000);
    // The first start fills the caches of the file system, and does not count.
    const startSeconds = median(starts.slice(1).map(({ startMs }) => startMs / 1_000));
    return { startSeconds, startCpu: median(cpu.slice(1)), idle, loaded: memoryOf(pid) / MEGABYTE };
  } finally {
    await last.program.stop();
  }
}
