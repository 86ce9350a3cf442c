import { Logger } from '@nestjs/common';
import { performance } from 'node:perf_hooks';
import { hostFor, listen, ListenError } from './app.listen';
import { ManagementServer } from './app.management';
import { createApp } from './app.setup';
import { ProcessStop } from './app.stop';
import { EnvironmentError, readEnvironment } from './config';
import { describeDatabaseError } from './database';
import { Drain } from './health';
import { VERSION } from './version';

async function main(): Promise<void> {
  const environment = readEnvironment();
  const stop = new ProcessStop({ drainSeconds: environment.SHUTDOWN_DRAIN_SECONDS });
  stop.listen();
  const app = await createApp(environment);
  const host = await hostFor(environment.LISTEN_ADDRESS);
  const address = await listen(app, environment.PORT, host);
  await app.get(ManagementServer).listen(host);
  const drain = app.get(Drain, { strict: false });
  stop.serves({ drain: () => drain.begin(), close: () => app.close() });
  new Logger('main').log({
    event: 'service.started',
    address,
    version: VERSION,
    node: process.versions.node,
    // Since the start of the process.
    durationMs: Math.round(performance.now()),
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`${describe(error)}\n`);
  process.exit(1);
});

function describe(error: unknown): string {
  if (error instanceof EnvironmentError || error instanceof ListenError) return error.message;
  const message = error instanceof Error ? error.message || error.name : String(error);
  return `The service could not start: ${describeDatabaseError(error) ?? message}`;
}
