import { StopList } from './stop-list';

/**
 * Runs a command that starts other processes, stops them at its end or at a signal, and exits.
 *
 * @param run returns whether the command succeeded
 */
export async function runCommand(name: string, run: (toStop: StopList) => Promise<boolean>): Promise<void> {
  const toStop = new StopList();
  // Ctrl-C reaches only this process, because each child has its own process group. This process then stops the children
  // in order.
  const stopped = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => reject(new Error(`stopped by ${signal}`)));
    }
  });
  try {
    process.exitCode = (await Promise.race([run(toStop), stopped])) ? 0 : 1;
  } catch (error) {
    process.exitCode = 1;
    console.error(`\n${name} failed:`, error);
  }
  await toStop.stopAll();
  process.exit();
}
