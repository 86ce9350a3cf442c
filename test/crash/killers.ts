import { setTimeout as sleep } from 'node:timers/promises';
import type { CrashingPostgres } from '../stage/crashing-postgres';
import type { ServiceProcess } from '../stage/service-process';
import type { SeededRandom } from '../support/seeded-random';

// The probability of a kill before the service listens.
const KILL_WHILE_STARTING = 0.15;
const STARTING_MS = { from: 100, to: 1_000 };
const RUNNING_MS = { from: 100, to: 2_000 };
const BEFORE_RESTART_MS = 200;
const POSTGRES_DOWN_MS = { from: 100, to: 1_500 };

/** Kills the service at random times, and restarts it after each end. */
export class ServiceKiller {
  kills = 0;
  /** Exits that the test did not cause: Postgres was down when the service started. */
  ownExits = 0;
  private readonly killing = new AbortController();
  private running: ServiceProcess | undefined;
  private supervision: Promise<void> = Promise.resolve();

  constructor(
    private readonly spawn: () => ServiceProcess,
    private readonly random: SeededRandom,
  ) {}

  /** Resolves when the service is ready for the first time. The kills begin then. */
  async start(): Promise<void> {
    this.running = this.spawn();
    await this.running.ready();
    this.supervision = this.supervise(this.running);
  }

  /** Ends the kills. Resolves when the service is ready. */
  async stopKilling(): Promise<void> {
    this.killing.abort();
    await this.supervision;
    await this.running?.ready();
  }

  async stop(): Promise<void> {
    this.killing.abort();
    await this.supervision;
    await this.running?.program.stop();
  }

  private async supervise(first: ServiceProcess): Promise<void> {
    const { signal } = this.killing;
    for (let service = first; !signal.aborted; service = this.running = this.spawn()) {
      const { program } = service;
      const isKillDue = await Promise.race([this.waitForKill(service), program.exited.then(() => false)]);
      if (signal.aborted && !program.hasEnded) return;
      if (isKillDue) {
        await program.kill();
        this.kills += 1;
      } else {
        await program.exited;
        this.ownExits += 1;
        await sleep(BEFORE_RESTART_MS);
      }
    }
  }

  /** Waits until the next kill is due. @returns false when the service has exited by itself */
  private async waitForKill(service: ServiceProcess): Promise<boolean> {
    const { random } = this;
    const { signal } = this.killing;
    const whileStarting = random.chance(KILL_WHILE_STARTING);
    const waitMs = random.within(whileStarting ? STARTING_MS : RUNNING_MS);
    if (!whileStarting) {
      const ready = await service.ready().then(
        () => true,
        () => false,
      );
      if (!ready) return false;
    }
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    return true;
  }
}

/** Kills Postgres, and restarts it after a while. */
export async function crashPostgres(postgres: CrashingPostgres, random: SeededRandom): Promise<void> {
  await postgres.kill();
  await sleep(random.within(POSTGRES_DOWN_MS));
  await postgres.restart();
}
