import { runCommand } from '../local/command';
import type { StopList } from '../local/stop-list';
import { Harness } from './harness';
import { readOptions, type Options, type PartName } from './options';
import { apply, processes } from './parts/apply';
import { accept, lookup, sessions } from './parts/comparisons';
import { cost } from './parts/cost';
import { dead } from './parts/dead';
import { delivery } from './parts/delivery';
import { events } from './parts/events';
import { growth } from './parts/growth';
import { latency } from './parts/latency';
import type { Part } from './parts/part';
import { start } from './parts/start';
import { waiting } from './parts/waiting';
import { render, type PartReport } from './report';
import { Rounds } from './rounds';
import { describeMachine } from './system';

const PARTS: Record<PartName, Part> = {
  start,
  accept,
  apply,
  lookup,
  sessions,
  latency,
  processes,
  growth,
  events,
  delivery,
  cost,
  dead,
  waiting,
};

/** Fails when an answer differs from the expected one, or a delivery is lost. A slow result is not a failure. */
async function run(options: Options, toStop: StopList): Promise<void> {
  const machine = describeMachine();
  const startedAt = performance.now();
  const progress = (text: string): void => {
    process.stderr.write(`${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(4)} s  ${text}\n`);
  };
  progress('Starting Postgres and the sandbox …');
  const harness = await Harness.start(options, toStop);
  const rounds = new Rounds(harness.load, options);
  const reports: PartReport[] = [];
  for (const name of options.parts) {
    progress(`${name} …`);
    reports.push(await PARTS[name]({ harness, options, rounds }));
  }
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  const { rounds: count, roundMs, concurrency, connections } = options;
  const report = {
    run: `${machine}; medians of ${count} × ${roundMs / 1_000} s after a warm-up, ${concurrency} callers, ${connections.toLocaleString('en-US')} connections, durable commits; sender, sandbox and Postgres share the cores; ${minutes} minutes.`,
    goals: reports.flatMap(({ goals }) => goals),
    sections: reports.flatMap(({ sections }) => sections),
  };
  console.log(render(report, options.format));
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  await runCommand('The bench', async (toStop) => {
    await run(options, toStop);
    return true;
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
