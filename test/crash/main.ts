import { StopList } from '../../local/stop-list';
import { readOptions, type Options } from './options';
import { describeReport, succeeded } from './report';
import { run } from './run';

/** Fails when anything that was acknowledged is missing, was applied twice, or left a wrong state. */
async function test(options: Options, toStop: StopList): Promise<boolean> {
  const { deliveries, seed, careless } = options;
  console.log(
    `Seed ${seed}: ${deliveries.toLocaleString('en-US')} deliveries, while the service and Postgres are killed …`,
  );
  if (careless) console.log('Postgres does not wait for the disk: this run has to fail.');
  const report = await run(options, toStop);
  console.log(describeReport(report));
  return succeeded(report);
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
    const right = await Promise.race([test(options, toStop), stopped]);
    console.log(right ? 'Nothing is missing, nothing was applied twice.' : 'The crash test has failed.');
    process.exitCode = right ? 0 : 1;
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
