import { runCommand } from '../../local/command';
import type { StopList } from '../../local/stop-list';
import { readOptions, type Options } from './options';
import { describeReport, succeeded } from './report';
import { run } from './run';

/** @returns whether each acknowledged event is stored, has exactly one effect, and has led to the expected state */
async function test(options: Options, toStop: StopList): Promise<boolean> {
  const { deliveries, seed, careless } = options;
  console.log(
    `Seed ${seed}: ${deliveries.toLocaleString('en-US')} deliveries; the service and Postgres are killed meanwhile …`,
  );
  if (careless) console.log('Postgres does not wait for the disk: this run must fail.');
  const report = await run(options, toStop);
  console.log(describeReport(report));
  return succeeded(report);
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  await runCommand('The crash test', async (toStop) => {
    const hasSucceeded = await test(options, toStop);
    console.log(
      hasSucceeded ? 'Every acknowledged event was applied exactly once.' : 'The crash test has failed.',
    );
    return hasSucceeded;
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
