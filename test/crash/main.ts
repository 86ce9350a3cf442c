import { StopList } from '../../local/stop-list';
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
  const toStop = new StopList();
  // Ctrl-C reaches only this process, because each child is in its own process group. We stop the children in order.
  const stopped = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => reject(new Error(`stopped by ${signal}`)));
    }
  });
  try {
    const hasSucceeded = await Promise.race([test(options, toStop), stopped]);
    console.log(
      hasSucceeded ? 'Every acknowledged event was applied exactly once.' : 'The crash test has failed.',
    );
    process.exitCode = hasSucceeded ? 0 : 1;
  } catch (error) {
    process.exitCode = 1;
    console.error('The crash test has failed:', error);
  }
  await toStop.stopAll();
  process.exit();
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
