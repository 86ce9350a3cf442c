import { processorSecondsOf } from './system';
import type { Credentials } from './credentials';
import type { LoadTask, LoadResult } from './load';
import type { LoadProcess } from './load-process';
import type { Options } from './options';
import { median } from './figures';
import type { WorkloadName } from './workloads';

/** A server that gets load. */
export interface Target {
  origin: string;
  pid: number;
  /** Default: the workload of all targets. */
  workload?: WorkloadName;
}

/** Medians of the rounds; times in milliseconds. */
export interface Outcome {
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  /** Processor time of the target's process per request. */
  cpuMs: number;
  /** Successful requests, including those of the warm-up. */
  requests: number;
}

type Round = LoadResult & { cpuMs: number };

/** Runs load rounds against several targets and summarises them. */
export class Rounds {
  constructor(
    private readonly load: LoadProcess,
    private readonly credentials: Credentials,
    private readonly options: Options,
  ) {}

  /** Loads the targets in turns, so that other work of the machine affects all of them. The first round is a warm-up. */
  async alternate<Name extends string>(
    workload: WorkloadName,
    targets: Record<Name, Target>,
    { concurrency = this.options.concurrency, shorter = false } = {},
  ): Promise<Record<Name, Outcome>> {
    const names = Object.keys(targets) as Name[];
    const roundMs = shorter ? this.options.roundMs / 2 : this.options.roundMs;
    const rounds = new Map<Name, Round[]>(names.map((name) => [name, []]));
    for (let turn = 0; turn <= this.options.rounds; turn += 1) {
      for (const name of names) {
        const target = targets[name];
        rounds.get(name)?.push(
          await this.round(target, {
            workload: target.workload ?? workload,
            origin: target.origin,
            credentials: this.credentials,
            concurrency,
            durationMs: turn === 0 ? roundMs / 2 : roundMs,
          }),
        );
      }
    }
    return Object.fromEntries(names.map((name) => [name, summarise(rounds.get(name) ?? [])])) as Record<
      Name,
      Outcome
    >;
  }

  private async round(target: Target, task: LoadTask): Promise<Round> {
    const before = processorSecondsOf(target.pid);
    const result = await this.load.run(task);
    const cpuMs = ((processorSecondsOf(target.pid) - before) * 1_000) / result.requests;
    return { ...result, cpuMs };
  }
}

function summarise(all: Round[]): Outcome {
  const [, ...rounds] = all;
  return {
    perSecond: median(rounds.map(({ requests, seconds }) => requests / seconds)),
    p50: median(rounds.map(({ p50 }) => p50)),
    p95: median(rounds.map(({ p95 }) => p95)),
    p99: median(rounds.map(({ p99 }) => p99)),
    cpuMs: median(rounds.map(({ cpuMs }) => cpuMs)),
    requests: all.reduce((sum, { requests }) => sum + requests, 0),
  };
}
