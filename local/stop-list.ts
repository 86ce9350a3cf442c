import { settlesWithin } from './waiting';

interface Entry {
  name: string;
  stop: () => Promise<void>;
}

// This timeout is longer than any deadline inside a stop function.
const STOP_TIMEOUT_MS = 30_000;

/** Stops everything that was started, in reverse order: each part stops before the parts that it depends on. */
export class StopList {
  private readonly entries: Entry[] = [];

  add(name: string, stop: () => Promise<void>): void {
    this.entries.push({ name, stop });
  }

  async stopAll(): Promise<void> {
    for (let entry = this.entries.pop(); entry; entry = this.entries.pop()) {
      const { name, stop } = entry;
      // A part that fails to stop must not keep the others running.
      const stopped = stop().catch((error: unknown) => console.error(`Stopping ${name} failed:`, error));
      if (!(await settlesWithin(stopped, STOP_TIMEOUT_MS))) {
        console.error(`${name} did not stop within ${STOP_TIMEOUT_MS / 1000} s.`);
      }
    }
  }
}
