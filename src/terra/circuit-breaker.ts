import { retryDelayMs } from '../queue';

/** What a call tells of Terra's health. A call that had too little time, or never left this process, tells nothing. */
export type Health = 'healthy' | 'unhealthy' | 'unknown';

/** The permission to send one request. Its holder must call `report` exactly once, whatever happens to the request. */
export interface Permit {
  /** @param pauseMs how long Terra asks us to wait, if it does */
  report(health: Health, pauseMs?: number): void;
}

interface CircuitBreakerOptions {
  /** After how many failures in a row the circuit opens; 0: never. */
  failures: number;
  /** A clock in milliseconds. It may be set back. */
  now: () => number;
  /** A random number from 0 to 1. */
  random?: () => number;
  onChange?: (isOpen: boolean, waitMs: number) => void;
}

// The time until the next probe. It is random, so that the processes of a deployment do not probe at the same moment.
const OPEN = { baseMs: 2_000, maxMs: 60_000, attempts: Infinity };
// A caller that comes during a probe should return when the probe has probably ended.
const PROBE_MS = 1_000;

/**
 * Stops calls to an endpoint that keeps failing. Closed: all calls pass. Open: no call passes. When the time of the
 * pause has passed, a single call passes as a probe: its success closes the circuit, its failure starts a longer pause.
 */
export class CircuitBreaker {
  private failures = 0;
  /** How many pauses have started without a success in between; 0: the circuit is closed. */
  private pauses = 0;
  private probeAt = 0;
  /** How many times the circuit opened or closed. */
  private changes = 0;
  private probe: Permit | null = null;

  constructor(private readonly options: CircuitBreakerOptions) {}

  /** How many milliseconds until a call may pass; 0: now. */
  waitMs(): number {
    if (this.pauses === 0) return 0;
    if (this.probe) return PROBE_MS;
    const leftMs = this.probeAt - this.options.now();
    // No pause is that long: the clock was set back.
    return leftMs > OPEN.maxMs ? 0 : Math.max(0, leftMs);
  }

  /** @returns null while the circuit is open */
  admit(): Permit | null {
    if (this.waitMs() > 0) return null;
    const { changes } = this;
    const permit: Permit = {
      report: (health, pauseMs = 0) => {
        if (this.probe === permit) this.probe = null;
        // A call that was admitted before the last change says nothing about the time since then.
        if (changes === this.changes) this.take(health, pauseMs);
      },
    };
    if (this.pauses > 0) this.probe = permit;
    return permit;
  }

  private take(health: Health, pauseMs: number): void {
    if (health === 'unknown') return;
    if (health === 'healthy') {
      this.failures = 0;
      if (this.pauses > 0) this.close();
      return;
    }
    this.failures += 1;
    const { failures } = this.options;
    if (failures > 0 && this.failures >= failures) this.open(pauseMs);
  }

  private close(): void {
    this.pauses = 0;
    this.changes += 1;
    this.options.onChange?.(false, 0);
  }

  private open(pauseMs: number): void {
    const { now, random = Math.random, onChange } = this.options;
    this.pauses += 1;
    this.changes += 1;
    const waitMs = Math.max(retryDelayMs(OPEN, this.pauses, random()), Math.min(pauseMs, OPEN.maxMs));
    this.probeAt = now() + waitMs;
    onChange?.(true, waitMs);
  }
}
