import { Logger } from '@nestjs/common';
import { ManagementServer } from './app.management';
import { createApp } from './app.setup';
import { EnvironmentError, readEnvironment } from './config';
import { describeDatabaseError } from './database';

const SHUTDOWN_DEADLINE_MS = 10_000;

async function main(): Promise<void> {
  const environment = readEnvironment();
  const app = await createApp(environment);
  // A connection that does not close must not keep the process alive.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => setTimeout(() => process.exit(1), SHUTDOWN_DEADLINE_MS).unref());
  }
  await app.listen(environment.PORT, '0.0.0.0');
  await app.get(ManagementServer).listen('0.0.0.0');
  new Logger('main').log({ event: 'service.listening', port: environment.PORT });
}

main().catch((error: unknown) => {
  process.stderr.write(`${describe(error)}\n`);
  process.exit(1);
});

function describe(error: unknown): string {
  if (error instanceof EnvironmentError) return error.message;
  const { code, port } = (error ?? {}) as { code?: unknown; port?: unknown };
  if (code === 'EADDRINUSE') return `Port ${String(port)} is in use. Set PORT to another port.`;
  const message = error instanceof Error ? error.message || error.name : String(error);
  return `The service could not start: ${describeDatabaseError(error) ?? message}`;
}
