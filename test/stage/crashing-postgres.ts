import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../local/embedded-postgres';

const RESTART_TIMEOUT_MS = 60_000;
const RETRY_MS = 50;

export interface CrashingPostgresOptions {
  /** A folder only for this server. Created when missing. */
  dataDir: string;
  /** Whether a commit waits for the disk. Without that, a crash can lose acknowledged events. */
  durable: boolean;
}

/** A Postgres server that can be killed and restarted, with the same port and data. */
export class CrashingPostgres {
  private restarting: Promise<void> = Promise.resolve();
  private closed = false;

  private constructor(
    private readonly options: CrashingPostgresOptions,
    private server: EmbeddedPostgres,
  ) {}

  static async start(options: CrashingPostgresOptions): Promise<CrashingPostgres> {
    return new CrashingPostgres(options, await startEmbeddedPostgres(options));
  }

  /** Creates a database when it is missing. @returns its URL */
  async database(name: string): Promise<string> {
    await this.server.ensureDatabase(name);
    return this.server.url(name);
  }

  /** `kill -9` of the postmaster: Postgres flushes nothing and notifies no client. */
  async kill(): Promise<void> {
    process.kill(this.server.pid, 'SIGKILL');
    await this.server.exited;
    await this.server.stop();
  }

  /** An orderly stop, as for maintenance. */
  stop(): Promise<void> {
    return this.server.stop();
  }

  restart(): Promise<void> {
    this.restarting = this.startAgain();
    return this.restarting;
  }

  /** Stops the server for good, also during a restart. */
  async close(): Promise<void> {
    this.closed = true;
    await this.restarting.catch(() => undefined);
    await this.server.stop();
  }

  private async startAgain(): Promise<void> {
    const end = Date.now() + RESTART_TIMEOUT_MS;
    const { port } = this.server;
    while (!this.closed) {
      try {
        this.server = await startEmbeddedPostgres({ ...this.options, port });
        return;
      } catch (error) {
        // The children of a killed postmaster exit with a delay, and hold its shared memory until then.
        if (Date.now() > end) throw error;
      }
      await sleep(RETRY_MS);
    }
  }
}
