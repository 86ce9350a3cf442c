import type { Harness, RunningServer, ServerName } from '../harness';
import type { Options } from '../options';
import type { PartReport } from '../report';
import { ratioOf, Rounds, type Outcome, type Target } from '../rounds';
import { figure } from '../figures';
import { PEERS } from '../harness';

/** What a part of the bench measures with. */
export interface Bench {
  harness: Harness;
  options: Options;
  rounds: Rounds;
}

export type Part = (bench: Bench) => Promise<PartReport>;

export type Servers = Record<ServerName, RunningServer>;

/** Starts the service and the peers, runs `work`, and stops them. */
export async function withServers<T>({ harness }: Bench, work: (servers: Servers) => Promise<T>): Promise<T> {
  const running: [ServerName, RunningServer][] = [];
  try {
    for (const name of ['service', ...PEERS] as const) running.push([name, await harness.startServer(name)]);
    await harness.checkpoint();
    return await work(Object.fromEntries(running) as Servers);
  } finally {
    await Promise.all(running.map(([, { program }]) => program.stop()));
  }
}

export function targetOf(
  { harness }: Bench,
  { origin, program }: RunningServer,
  credentials = harness.credentials,
): Target {
  return { origin, pid: program.pid, credentials };
}

export function targetsOf(bench: Bench, servers: Servers): Record<ServerName, Target> {
  const targets = Object.entries(servers).map(([name, server]) => [name, targetOf(bench, server)]);
  return Object.fromEntries(targets) as Record<ServerName, Target>;
}

export const COMPARISON_HEAD = ['server', 'requests/s', 'p50 ms', 'p99 ms', 'CPU ms each', 'ratio to bare'];

export function comparisonRows(outcomes: Record<ServerName, Outcome>): string[][] {
  return Object.entries(outcomes).map(([name, outcome]) => [
    name,
    figure(outcome.perSecond),
    figure(outcome.p50),
    figure(outcome.p99),
    figure(outcome.cpuMs),
    figure(ratioOf(outcome, outcomes.bare)),
  ]);
}

/** A goal for a ratio that should be large. */
export function atLeast(name: string, ratio: number, target: number): PartReport['goals'][number] {
  return { name, target: `≥ ${target}`, measured: figure(ratio), met: ratio >= target };
}

/** A goal for a value that should be small. */
export function atMost(
  name: string,
  value: number,
  target: number,
  unit: string,
): PartReport['goals'][number] {
  return {
    name,
    target: `≤ ${target} ${unit}`.trim(),
    measured: `${figure(value)} ${unit}`.trim(),
    met: value <= target,
  };
}
