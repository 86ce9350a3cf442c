import { LauncherError } from './launcher-error';
import { commandOf, isAlive, parentOf } from './processes';

const PARENT_CHECK_MS = 500;
// The terminal sends Ctrl-C to npm and to the launcher, and npm forwards it: one key press can arrive twice.
const SAME_KEY_PRESS_MS = 1_000;

/** The request to stop the launcher, with its reason: from a signal, from a lost parent process or from `request()`. */
export class StopRequest {
  private readonly controller = new AbortController();
  private requestedAt = 0;

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The error that caused the stop. Undefined after a signal or after the end of npm. */
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
      // A second Ctrl-C ends the launcher at once.
      if (this.signal.aborted && Date.now() - this.requestedAt > SAME_KEY_PRESS_MS) process.exit(130);
      this.request();
    });
    process.on('SIGTERM', () => this.request());
    process.on('SIGHUP', () => this.request());
    if (process.env.npm_lifecycle_event) this.watchParents();
  }

  /**
   * Requests a stop when npm ends, because npm sends no signal when it is killed with -9. A shell between npm and the
   * launcher can outlive npm.
   */
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
