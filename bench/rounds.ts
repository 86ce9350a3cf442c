import { processorSecondsOf } from './costs';
import type { Credentials } from './credentials';
import type { LoadOrder, LoadResult } from './load';
import type { LoadProcess } from './load-process';
import type { Options } from './options';
import { median } from './statistics';
import type { WorkloadName } from './workloads';

/** Who is asked. */
export interface Side {
  origin: string;
  pid: number;
  /** What to ask it when it is not what the others are asked. */
  workload?: WorkloadName;
}

/** Medians of the rounds; times in milliseconds. */
export interface Outcome {
  perSecond: number;
  p50: number;
  p95: number;
  p99: number;
  /** Processor time of the side's process for one request. */
  cpuMs: number;
  /** Answered with success, warm-up included. */
  requests: number;
}

type Round = LoadResult & { cpuMs: number };

export class Rounds {
  constructor(
    private readonly load: LoadProcess,
    private readonly credentials: Credentials,
    private readonly options: Options,
  ) {}

  /** Asks the sides in turns, so that whatever else the machine does hits all of them. Each is warmed up first. */
  async alternate<Name extends string>(
    workload: WorkloadName,
    sides: Record<Name, Side>,
    { concurrency = this.options.concurrency, shorter = false } = {},
  ): Promise<Record<Name, Outcome>> {
    const names = Object.keys(sides) as Name[];
    const roundMs = shorter ? this.options.roundMs / 2 : this.options.roundMs;
    const rounds = new Map<Name, Round[]>(names.map((name) => [name, []]));
    for (let turn = 0; turn <= this.options.rounds; turn += 1) {
      for (const name of names) {
        const side = sides[name];
        rounds.get(name)?.push(
          await this.round(side, {
            workload: side.workload ?? workload,
            origin: side.origin,
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

  private async round(side: Side, order: LoadOrder): Promise<Round> {
    const before = processorSecondsOf(side.pid);
    const result = await this.load.run(order);
    const cpuMs = ((processorSecondsOf(side.pid) - before) * 1_000) / result.requests;
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
