import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

export interface Options {
  deliveries: number;
  seed: number;
  /** If true, Postgres does not wait for the disk; acknowledged events get lost, and the run must fail. */
  noFsync: boolean;
}

const USAGE = 'npm run test:crash -- [--deliveries 10000] [--seed 7] [--no-fsync]';

/** @throws Error with the usage when an argument is unknown or invalid */
export function readOptions(args: string[]): Options {
  const { deliveries, seed, 'no-fsync': noFsync } = parse(args);
  return {
    deliveries: numberOf('deliveries', deliveries, 1),
    seed: numberOf('seed', seed ?? String(randomInt(1_000_000)), 0),
    noFsync,
  };
}

function parse(args: string[]): { deliveries: string; seed?: string; 'no-fsync': boolean } {
  try {
    return parseArgs({
      args,
      options: {
        deliveries: { type: 'string', default: '10000' },
        seed: { type: 'string' },
        'no-fsync': { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${USAGE}`, { cause: error });
  }
}

function numberOf(name: string, text: string, least: number): number {
  const number = Number(text);
  if (/^\d{1,7}$/.test(text) && number >= least) return number;
  throw new Error(`--${name} must be a whole number of at least ${least}.\n${USAGE}`);
}
