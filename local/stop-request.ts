import { LauncherError } from './launcher-error';
import { commandOf, isAlive, parentOf } from './processes';

const PARENT_CHECK_MS = 500;
// A terminal sends Ctrl-C to npm and to us, and npm hands it on: one key press can arrive twice.
const SAME_KEY_PRESS_MS = 1_000;

/** The one place that decides that it is time to stop, and why. */
export class StopRequest {
  private readonly controller = new AbortController();
  private requestedAt = 0;

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Undefined when a person asked for it, else what went wrong. */
  get reason(): LauncherError | undefined {
    return this.signal.reason instanceof LauncherError ? this.signal.reason : undefined;
  }

  request(reason?: LauncherError): void {
    if (this.signal.aborted) return;
    this.requestedAt = Date.now();
    this.controller.abort(reason);
  }

  async wait(): Promise<void> {
    if (this.signal.aborted) return;
    await new Promise((resolve) => this.signal.addEventListener('abort', resolve, { once: true }));
  }

  listen(): void {
    process.on('SIGINT', () => {
      // Somebody who presses Ctrl-C again does not want to wait for a graceful end.
      if (this.signal.aborted && Date.now() - this.requestedAt > SAME_KEY_PRESS_MS) process.exit(130);
      this.request();
    });
    process.on('SIGTERM', () => this.request());
    process.on('SIGHUP', () => this.request());
    if (process.env.npm_lifecycle_event) this.watchParents();
  }

  /** An npm that is killed with -9 tells nobody. Between it and us there may be a shell that lives on. */
  private watchParents(): void {
    const parent = process.ppid;
    const npm = [parent, parentOf(parent)].find(
      (pid) => pid !== null && /\bnpm\b/.test(commandOf(pid) ?? ''),
    );
    setInterval(() => {
      if (process.ppid !== parent || (npm && !isAlive(npm))) this.request();
    }, PARENT_CHECK_MS).unref();
  }
}
