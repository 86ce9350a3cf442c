import { setTimeout as sleep } from 'node:timers/promises';
import type { CrashingPostgres } from '../stage/crashing-postgres';
import type { ServiceProcess } from '../stage/service-process';
import type { Chance } from './chance';

// A service that is not even listening is killed as well, now and then.
const KILLED_WHILE_STARTING = 0.15;
const STARTING_MS = { from: 100, to: 1_000 };
const RUNNING_MS = { from: 100, to: 2_000 };
const BEFORE_RESTART_MS = 200;
const POSTGRES_AWAY_MS = { from: 100, to: 1_500 };

/** Starts the service again whenever it has ended, and sees to it that it does. */
export class ServiceKiller {
  kills = 0;
  /** Ends without our doing: no Postgres to start with. */
  ownEnds = 0;
  private readonly killing = new AbortController();
  private running: ServiceProcess | undefined;
  private loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly spawn: () => ServiceProcess,
    private readonly chance: Chance,
  ) {}

  /** Resolves when the service is ready for the first time; from then on it is in danger. */
  async start(): Promise<void> {
    this.running = this.spawn();
    await this.running.ready();
    this.loop = this.supervise(this.running);
  }

  /** From now on it lives; resolves when it is ready. */
  async relent(): Promise<void> {
    this.killing.abort();
    await this.loop;
    await this.running?.ready();
  }

  async stop(): Promise<void> {
    this.killing.abort();
    await this.loop;
    await this.running?.program.stop();
  }

  private async supervise(first: ServiceProcess): Promise<void> {
    const { signal } = this.killing;
    for (let service = first; !signal.aborted; service = this.running = this.spawn()) {
      const { program } = service;
      const momentHasCome = await Promise.race([this.moment(service), program.exited.then(() => false)]);
      if (signal.aborted && !program.hasEnded) return;
      if (momentHasCome) {
        await program.kill();
        this.kills += 1;
      } else {
        await program.exited;
        this.ownEnds += 1;
        await sleep(BEFORE_RESTART_MS);
      }
    }
  }

  /** Waits for the next moment to kill; false when the service has ended by itself. */
  private async moment(service: ServiceProcess): Promise<boolean> {
    const { chance } = this;
    const { signal } = this.killing;
    const whileStarting = chance.happens(KILLED_WHILE_STARTING);
    const waitMs = chance.within(whileStarting ? STARTING_MS : RUNNING_MS);
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

/** Kills Postgres, and lets it come back after a while. */
export async function crashPostgres(postgres: CrashingPostgres, chance: Chance): Promise<void> {
  await postgres.kill();
  await sleep(chance.within(POSTGRES_AWAY_MS));
  await postgres.restart();
}
