import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LauncherError } from './launcher-error';
import { DIST_FOLDER, NodeProgram, statusOf, type Environment } from './node-program';
import { settlesWithin } from './waiting';

const MIGRATE_TIMEOUT_MS = 120_000;
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 40;

export async function migrate(env: Environment, signal: AbortSignal): Promise<void> {
  const program = new NodeProgram('The migration', join(DIST_FOLDER, 'src', 'cli.js'), ['migrate'], env);
  const stopped = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  const inTime = await settlesWithin(Promise.race([program.exited, stopped]), MIGRATE_TIMEOUT_MS);
  if (signal.aborted || !inTime) await program.stop();
  signal.throwIfAborted();
  const end = await program.exited;
  if (!inTime) throw new LauncherError(`The migration took longer than ${MIGRATE_TIMEOUT_MS / 1000} s.`);
  if (end !== 'exit code 0') throw new LauncherError(`The migration failed (${end}); its output is above.`);
}

export function startService(env: Environment): NodeProgram {
  return new NodeProgram('The service', join(DIST_FOLDER, 'src', 'main.js'), [], env);
}

export async function waitUntilReady(service: NodeProgram, url: string, signal: AbortSignal): Promise<void> {
  const end = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    signal.throwIfAborted();
    if (service.hasEnded)
      throw new LauncherError(`The service did not start (${await service.exited}); its output is above.`);
    if ((await statusOf(url)) === 200) return;
    if (Date.now() > end) {
      throw new LauncherError(
        `The service was not ready within ${READY_TIMEOUT_MS / 1000} s; its log is above.`,
      );
    }
    await sleep(POLL_MS);
  }
}
