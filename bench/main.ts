import { StopList } from '../local/stop-list';
import { describeMachine } from './machine';
import { COMPARISON_HEAD, comparisonRow, type Comparison } from './measures/comparison';
import { measureConnections } from './measures/connections';
import { measureSessions, OVERHEAD_HEAD, overheadRows } from './measures/sessions';
import { measureStartUp, reportStartUp } from './measures/start-up';
import { measureWebhooks } from './measures/webhooks';
import { readOptions, type Options } from './options';
import { Rounds } from './rounds';
import { Stage } from './stage';
import { figure, table } from './table';

/** Fails when anything was answered other than expected; being slow is no failure. */
async function run(options: Options, toStop: StopList): Promise<void> {
  const { measures, concurrency, overheadConcurrency, roundMs } = options;
  console.log(`${describeMachine()}\nPreparing ${options.connections.toLocaleString('en-US')} connections …`);
  const stage = await Stage.build(options.connections, toStop);
  const rounds = new Rounds(stage.load, stage.credentials, options);

  console.log('Starting the service and its peer …');
  const { servers, startUp } = await measureStartUp(stage, options);
  const comparisons: Comparison[] = [];
  const report: string[] = [];
  if (measures.includes('sessions')) {
    console.log('Creating sessions …');
    await stage.settle();
    const { comparison, overheads } = await measureSessions(stage, rounds, servers, overheadConcurrency);
    comparisons.push(comparison);
    report.push(
      `What session creation adds to Terra's own time, ms, ${overheadConcurrency} callers:`,
      table(OVERHEAD_HEAD, overheadRows(overheads)),
    );
  }
  if (measures.includes('webhooks')) {
    console.log('Delivering webhooks …');
    const { comparisons: both, worker } = await measureWebhooks(stage, rounds, servers);
    comparisons.push(...both);
    report.push(
      `Its worker applied ${figure(worker.underLoad)} events/s while deliveries came in, ${figure(worker.alone)} alone.`,
    );
  }
  if (measures.includes('connections')) {
    console.log('Looking connections up …');
    comparisons.push(await measureConnections(stage, rounds, servers));
  }
  report.unshift(
    await reportStartUp(startUp, servers, options),
    ...(comparisons.length === 0
      ? []
      : [
          `Service and a bare node:http + pg peer in turns: medians of ${options.rounds} × ${roundMs / 1_000} s each, ${concurrency} callers, durable commits,\nload generator, sandbox and Postgres on the same cores. Every answer was checked, and every row counted.`,
          table(COMPARISON_HEAD, comparisons.map(comparisonRow)),
        ]),
  );
  console.log(`\n${report.join('\n\n')}\n`);
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const toStop = new StopList();
  // Ctrl-C reaches us alone, because the children are in process groups of their own; they are stopped in order.
  const stopped = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => reject(new Error(`stopped by ${signal}`)));
    }
  });
  try {
    await Promise.race([run(options, toStop), stopped]);
  } catch (error) {
    process.exitCode = 1;
    console.error('\nThe bench has failed:', error);
  }
  await toStop.stopAll();
  process.exit();
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
