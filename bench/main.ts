import { runCommand } from '../local/command';
import type { StopList } from '../local/stop-list';
import { describeMachine } from './system';
import { COMPARISON_HEAD, comparisonRow, type Comparison } from './measures/comparison';
import { measureConnections } from './measures/connections';
import { measureSessions, OVERHEAD_HEAD, overheadRows } from './measures/sessions';
import { measureStartUp, reportStartUp } from './measures/start-up';
import { measureWebhooks } from './measures/webhooks';
import { readOptions, type Options } from './options';
import { Rounds } from './rounds';
import { Harness } from './harness';
import { figure, table } from './figures';

/** Fails when an answer or a row count differs from the expected one. A slow result is not a failure. */
async function run(options: Options, toStop: StopList): Promise<void> {
  const { measures, concurrency, overheadConcurrency, roundMs } = options;
  console.log(`${describeMachine()}\nPreparing ${options.connections.toLocaleString('en-US')} connections …`);
  const harness = await Harness.start(options.connections, toStop);
  const rounds = new Rounds(harness.load, harness.credentials, options);

  console.log('Starting the service and the baseline …');
  const { servers, startUp } = await measureStartUp(harness, options);
  const comparisons: Comparison[] = [];
  const report: string[] = [];
  if (measures.includes('sessions')) {
    console.log('Creating sessions …');
    await harness.checkpoint();
    const { comparison, overheads } = await measureSessions(harness, rounds, servers, overheadConcurrency);
    comparisons.push(comparison);
    report.push(
      `Time that session creation adds to Terra's answer time, in ms, with ${overheadConcurrency} callers:`,
      table(OVERHEAD_HEAD, overheadRows(overheads)),
    );
  }
  if (measures.includes('webhooks')) {
    console.log('Delivering webhooks …');
    const { comparisons: both, worker } = await measureWebhooks(harness, rounds, servers);
    comparisons.push(...both);
    report.push(
      `The worker of the service processed ${figure(worker.underLoad)} events/s during deliveries and ${figure(worker.alone)} events/s without them.`,
    );
  }
  if (measures.includes('connections')) {
    console.log('Looking up connections …');
    comparisons.push(await measureConnections(harness, rounds, servers));
  }
  report.unshift(
    await reportStartUp(startUp, servers, options),
    ...(comparisons.length === 0
      ? []
      : [
          `The service and a baseline on bare node:http + pg, loaded in turns: medians of ${options.rounds} × ${roundMs / 1_000} s each, ${concurrency} callers, durable commits.\nThe load generator, the sandbox and Postgres share the cores. The bench checked every answer and counted every row.`,
          table(COMPARISON_HEAD, comparisons.map(comparisonRow)),
        ]),
  );
  console.log(`\n${report.join('\n\n')}\n`);
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
