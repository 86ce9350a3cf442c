import { parseArgs } from 'node:util';

export const MEASURES = ['start-up', 'sessions', 'webhooks', 'connections'] as const;
export type MeasureName = (typeof MEASURES)[number];

export interface Options {
  /** Starts of the service whose time is taken. */
  starts: number;
  /** Seconds between "ready" and the look at the memory. */
  idleSeconds: number;
  /** Turns of each side; their median counts. */
  rounds: number;
  roundMs: number;
  /** Callers that each wait for their answer before they ask again. */
  concurrency: number;
  /** Few enough that nobody queues: what is added to Terra's own time is then ours. */
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

const USAGE = `npm run bench -- [--quick] [--only ${MEASURES.join('|')}]`;

/** @throws Error with the usage when there is anything else on the command line */
export function readOptions(args: string[]): Options {
  const { quick, only } = parse(args);
  const options = quick ? QUICK : FULL;
  if (only === undefined) return options;
  const chosen = MEASURES.filter((name) => name === only);
  if (chosen.length === 0) throw new Error(`There is no measure "${only}".\n${USAGE}`);
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
