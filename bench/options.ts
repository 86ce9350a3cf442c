import { parseArgs } from 'node:util';

const PART_NAMES = [
  'start',
  'accept',
  'apply',
  'lookup',
  'sessions',
  'latency',
  'processes',
  'growth',
  'events',
  'delivery',
  'cost',
  'dead',
  'waiting',
] as const;
export type PartName = (typeof PART_NAMES)[number];

export interface Options {
  parts: readonly PartName[];
  /** How many starts of each server are timed. */
  starts: number;
  /** Seconds between "ready" and the reading of the memory. */
  idleSeconds: number;
  /** Rounds per server; the report shows their median. */
  rounds: number;
  roundMs: number;
  /** Concurrent callers. Each waits for its answer before it sends the next request. */
  concurrency: number;
  connections: number;
  /** How many new links a round of the parts about events sends, if few takers get them. */
  links: number;
  /** How many deliveries wait in the two runs of `waiting`. */
  waiting: readonly [number, number];
  /** The sizes of the databases of `growth`, in connections; the others are compared with the first. */
  sizes: readonly number[];
  format: 'text' | 'markdown' | 'json';
}

const FULL = { starts: 3, idleSeconds: 5, rounds: 3, roundMs: 4_000, connections: 100_000, links: 2_000 };
const QUICK = { starts: 1, idleSeconds: 1, rounds: 1, roundMs: 500, connections: 5_000, links: 200 };
const SIZES = [10_000, 1_000_000];
const LARGE = 10_000_000;

const USAGE = `Usage: npm run bench -- [--only ${PART_NAMES.join(',')}] [--seconds <per round>] [--rounds <n>]
  [--quick] [--large] [--markdown | --json]`;

/** @throws Error with the usage for unknown arguments */
export function readOptions(args: string[]): Options {
  const given = parse(args);
  const defaults = given.quick ? QUICK : FULL;
  const names = given.only?.split(',') ?? [...PART_NAMES];
  const unknown = names.filter((name) => !PART_NAMES.some((known) => known === name));
  if (unknown.length > 0) throw new Error(`Unknown part ${unknown.join(', ')}.\n${USAGE}`);
  const sizes = given.quick ? [1_000, 20_000] : SIZES;
  const waiting: Options['waiting'] = given.quick ? [5_000, 20_000] : [50_000, 1_000_000];
  return {
    ...defaults,
    parts: PART_NAMES.filter((name) => names.includes(name)),
    rounds: positive(given.rounds) ?? defaults.rounds,
    roundMs: (positive(given.seconds) ?? defaults.roundMs / 1_000) * 1_000,
    concurrency: 32,
    waiting,
    sizes: given.large ? [...sizes, LARGE] : sizes,
    format: given.json ? 'json' : given.markdown ? 'markdown' : 'text',
  };
}

function positive(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!(number > 0)) throw new Error(`"${text}" is not a positive number.\n${USAGE}`);
  return number;
}

interface Given {
  only?: string;
  seconds?: string;
  rounds?: string;
  quick?: boolean;
  large?: boolean;
  markdown?: boolean;
  json?: boolean;
}

function parse(args: string[]): Given {
  try {
    return parseArgs({
      args,
      options: {
        only: { type: 'string' },
        seconds: { type: 'string' },
        rounds: { type: 'string' },
        quick: { type: 'boolean' },
        large: { type: 'boolean' },
        markdown: { type: 'boolean' },
        json: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${USAGE}`, { cause: error });
  }
}
