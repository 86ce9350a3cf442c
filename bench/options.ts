import { parseArgs } from 'node:util';

const MEASURES = ['start-up', 'sessions', 'webhooks', 'connections'] as const;
type MeasureName = (typeof MEASURES)[number];

export interface Options {
  /** How many starts of each server are timed. */
  starts: number;
  /** Seconds between "ready" and the reading of the memory. */
  idleSeconds: number;
  /** Rounds per target; the report shows their median. */
  rounds: number;
  roundMs: number;
  /** Concurrent callers. Each waits for its answer before it sends the next request. */
  concurrency: number;
  /** Concurrent callers when the added time is measured: so few that no request waits for another one. */
  overheadConcurrency: number;
  connections: number;
  measures: readonly MeasureName[];
}

const FULL: Options = {
  starts: 5,
  idleSeconds: 5,
  rounds: 3,
  roundMs: 3_000,
  concurrency: 32,
  overheadConcurrency: 4,
  connections: 100_000,
  measures: MEASURES,
};
const QUICK: Options = {
  ...FULL,
  starts: 1,
  idleSeconds: 1,
  rounds: 1,
  roundMs: 400,
  connections: 5_000,
};

const USAGE = `Usage: npm run bench -- [--quick] [--only ${MEASURES.join('|')}]`;

/** @throws Error with the usage for unknown arguments */
export function readOptions(args: string[]): Options {
  const { quick, only } = parse(args);
  const options = quick ? QUICK : FULL;
  if (only === undefined) return options;
  const chosen = MEASURES.filter((name) => name === only);
  if (chosen.length === 0) throw new Error(`Unknown measure "${only}".\n${USAGE}`);
  return { ...options, measures: chosen };
}

function parse(args: string[]): { quick: boolean; only?: string } {
  try {
    return parseArgs({
      args,
      options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
    }).values;
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${USAGE}`, { cause: error });
  }
}
