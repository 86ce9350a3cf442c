import type { Credentials } from './credentials';
import { median } from './figures';
import type { LoadProcess } from './load-process';
import type { LoadResult } from './load';
import type { Options } from './options';
import { processorSecondsOf } from './system';
import type { WorkloadName } from './workloads';

/** A server that gets load. */
export interface Target {
  origin: string;
  pid: number;
  credentials: Credentials;
}

/** Medians of the rounds; times in milliseconds. */
export interface Outcome {
  perSecond: number;
  p50: number;
  p99: number;
  /** Processor time of the target's process per request. */
  cpuMs: number;
  /** Requests per second of each round, for ratios of the same turn. */
  rates: number[];
  /** Successful requests, including those of the warm-up. */
  requests: number;
}

type Round = LoadResult & { cpuMs: number };

/** Runs load rounds against several targets and summarises them. */
export class Rounds {
  constructor(
    private readonly load: LoadProcess,
    private readonly options: Options,
  ) {}

  /** Loads the targets in turns, so that other work of the machine affects all of them. The first round is a warm-up. */
  async alternate<Name extends string>(
    workload: WorkloadName,
    targets: Record<Name, Target>,
  ): Promise<Record<Name, Outcome>> {
    const names = Object.keys(targets) as Name[];
    const rounds = new Map<Name, Round[]>(names.map((name) => [name, []]));
    for (let turn = 0; turn <= this.options.rounds; turn += 1)
      for (const name of names) rounds.get(name)?.push(await this.round(workload, targets[name]));
    const outcomes = names.map((name) => [name, summarise(rounds.get(name) ?? [])]);
    return Object.fromEntries(outcomes) as Record<Name, Outcome>;
  }

  /** One round against one target. @returns the requests per second */
  async once(workload: WorkloadName, target: Target): Promise<number> {
    const { requests, seconds } = await this.round(workload, target);
    return requests / seconds;
  }

  private async round(workload: WorkloadName, { origin, pid, credentials }: Target): Promise<Round> {
    const before = processorSecondsOf(pid);
    const { concurrency, roundMs: durationMs } = this.options;
    const task = { workload, origins: [origin], credentials, concurrency, durationMs };
    const result = await this.load.run({ kind: 'load', ...task });
    return { ...result, cpuMs: ((processorSecondsOf(pid) - before) * 1_000) / result.requests };
  }
}

/** The median of the ratios of each turn: two rounds of a turn are neighbours in time, so other load hits both. */
export function ratioOf(outcome: Outcome, other: Outcome): number {
  return median(outcome.rates.map((rate, turn) => rate / (other.rates[turn] ?? NaN)));
}

function summarise(all: Round[]): Outcome {
  const [, ...rounds] = all;
  const rates = rounds.map(({ requests, seconds }) => requests / seconds);
  return {
    perSecond: median(rates),
    p50: median(rounds.map(({ p50 }) => p50)),
    p99: median(rounds.map(({ p99 }) => p99)),
    cpuMs: median(rounds.map(({ cpuMs }) => cpuMs)),
    rates,
    requests: all.reduce((sum, { requests }) => sum + requests, 0),
  };
}
