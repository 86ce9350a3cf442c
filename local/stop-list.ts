import { settlesWithin } from './waiting';

interface Entry {
  name: string;
  stop: () => Promise<void>;
}

// Longer than any single stop takes with its own deadlines.
const STOP_TIMEOUT_MS = 30_000;

/** What has been started, to be stopped in the opposite order: nobody loses what it still needs. */
export class StopList {
  private readonly entries: Entry[] = [];

  add(name: string, stop: () => Promise<void>): void {
    this.entries.push({ name, stop });
  }

  async stopAll(): Promise<void> {
    for (let entry = this.entries.pop(); entry; entry = this.entries.pop()) {
      const { name, stop } = entry;
      // One that fails to stop must not keep the others running.
      const stopped = stop().catch((error: unknown) => console.error(`Stopping ${name} failed:`, error));
      if (!(await settlesWithin(stopped, STOP_TIMEOUT_MS))) console.error(`${name} did not stop in time.`);
    }
  }
}
