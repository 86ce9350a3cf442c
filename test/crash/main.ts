import { runCommand } from '../../local/command';
import type { StopList } from '../../local/stop-list';
import { readOptions, type Options } from './options';
import { describeReport, succeeded } from './report';
import { run } from './run';

/** @returns whether each acknowledged event is stored and has exactly one effect, and all states are the expected ones */
async function test(options: Options, toStop: StopList): Promise<boolean> {
  const { deliveries, seed, noFsync } = options;
  console.log(
    `Seed ${seed}: ${deliveries.toLocaleString('en-US')} deliveries, during which the test kills the service and Postgres …`,
  );
  if (noFsync) console.log('Postgres does not wait for the disk: this run must fail.');
  const report = await run(options, toStop);
  console.log(describeReport(report));
  return succeeded(report);
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  await runCommand('The crash test', async (toStop) => {
    const hasSucceeded = await test(options, toStop);
    console.log(
      hasSucceeded ? 'Every acknowledged event has exactly one effect.' : 'The crash test has failed.',
    );
    return hasSucceeded;
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
