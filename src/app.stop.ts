import { Logger } from '@nestjs/common';
import { constants } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { VERSION } from './version';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
/** The time from the end of the drain to the end of the process. Terra's calls, the longest part, end within ten seconds. */
const CLOSE_DEADLINE_MS = 15_000;

type StopSignal = (typeof SIGNALS)[number];

/**
 * How the stop ended. `complete`: every request and job has finished. `deadline`: some took too long. `second_signal`: an
 * operator did not want to wait. After the latter three, nothing is lost either: Terra, callers and workers repeat.
 */
type Outcome = 'complete' | 'failed' | 'deadline' | 'second_signal';

/** What stops. */
export interface Stoppable {
  /** Reports the process as not ready, and serves requests as before. */
  drain: () => void;
  /** Finishes requests and jobs, and accepts no more. */
  close: () => Promise<void>;
}

export interface StopOptions {
  drainSeconds: number;
  /** Default: {@link CLOSE_DEADLINE_MS}. */
  closeDeadlineMs?: number;
  /** Default: `process.exit`. */
  exit?: (code: number) => void;
}

/**
 * Stops the process on SIGTERM and SIGINT. First the drain: the process is not ready, but serves requests until every load
 * balancer has noticed. Then the close: the workers finish their jobs, the server stops listening and answers what it
 * has received, and the connections to Postgres close. A second signal ends the process at once.
 *
 * Only the process has it, not the module: a host decides by itself about signals.
 */
export class ProcessStop {
  private readonly logger = new Logger('main');
  private readonly exit: (code: number) => void;
  private service: Stoppable | null = null;
  private stopping: { signal: StopSignal; startedAt: number } | null = null;
  private hasEnded = false;

  constructor(private readonly options: StopOptions) {
    this.exit = options.exit ?? ((code) => process.exit(code));
  }

  /** Call it before anything else: as the first process of a container, Node ignores a signal without a listener. */
  listen(): void {
    for (const signal of SIGNALS) process.on(signal, () => this.receive(signal));
  }

  /** From now on, a signal stops the service in order. Before, it only ends the process. */
  serves(service: Stoppable): void {
    this.service = service;
  }

  receive(signal: StopSignal): void {
    if (this.stopping) return this.end('second_signal');
    if (!this.service) return this.exit(exitCodeOf(signal));
    this.stopping = { signal, startedAt: performance.now() };
    this.stop(this.service).then(
      () => this.end('complete'),
      (error: unknown) => {
        this.logger.error({ event: 'service.stop_failed', err: error });
        this.end('failed');
      },
    );
  }

  private async stop(service: Stoppable): Promise<void> {
    const { drainSeconds, closeDeadlineMs = CLOSE_DEADLINE_MS } = this.options;
    service.drain();
    // The server keeps the process alive.
    await sleep(drainSeconds * 1_000, undefined, { ref: false });
    setTimeout(() => this.end('deadline'), closeDeadlineMs).unref();
    await service.close();
  }

  private end(outcome: Outcome): void {
    if (!this.stopping || this.hasEnded) return;
    this.hasEnded = true;
    const { signal, startedAt } = this.stopping;
    this.logger.log({
      event: 'service.stopped',
      reason: signal,
      outcome,
      version: VERSION,
      node: process.versions.node,
      durationMs: Math.round(performance.now() - startedAt),
      uptimeSeconds: Math.round(process.uptime()),
    });
    this.exit(outcome === 'complete' ? 0 : outcome === 'second_signal' ? exitCodeOf(signal) : 1);
  }
}

/** The exit code of a program that a signal ended, as shells report it. */
function exitCodeOf(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}
