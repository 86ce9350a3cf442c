import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common';
import { OutgoingOptions } from '../config';
import { Metrics } from '../observability';
import { CircuitBreaker, type Permit } from './circuit-breaker';
import { RetryBudget } from './retry-budget';
import { WIDGET_SESSION } from './terra-answer';
import { TerraPausedError } from './terra.errors';

/** The parts of Terra that fail independently: its REST API, and the service behind TERRA_WIDGET_URL. */
type Endpoint = 'api' | 'widget';

// Terra's Retry-After is trusted up to here. A longer one could come from a mistake, and would pause us for as long.
const MAX_RATE_LIMIT_PAUSE_MS = 60_000;

/**
 * Decides for this process whether a request to Terra may be sent: a circuit breaker per endpoint, a pause per operation
 * that Terra limits, and one budget for repetitions.
 */
@Injectable()
export class TerraGate {
  private readonly logger = new Logger(TerraGate.name);
  private readonly circuits: Record<Endpoint, CircuitBreaker>;
  private readonly budget: RetryBudget;
  private readonly now: () => number;
  /** By operation, a fixed set: until when Terra asked us not to repeat it. */
  private readonly pausedUntil = new Map<string, number>();

  constructor(
    private readonly metrics: Metrics,
    private readonly options: OutgoingOptions,
    clock: Clock,
  ) {
    this.now = () => clock.now().getTime();
    this.budget = new RetryBudget(this.now);
    this.circuits = { api: this.circuit('api'), widget: this.circuit('widget') };
  }

  /** Whether a call to Terra's REST API would be sent now. Workers ask before they take work. */
  isApiAvailable(): boolean {
    return this.circuits.api.waitMs() === 0;
  }

  /** Admits a new call. @throws TerraPausedError */
  admit(operation: string): Permit {
    const pauseMs = (this.pausedUntil.get(operation) ?? 0) - this.now();
    // A longer pause than the longest means that the clock was set back.
    if (pauseMs > 0 && pauseMs <= MAX_RATE_LIMIT_PAUSE_MS)
      throw this.notSent(operation, 'rate_limited', pauseMs);
    const circuit = this.circuits[endpointOf(operation)];
    const waitMs = circuit.waitMs();
    const permit = circuit.admit();
    if (!permit) throw this.notSent(operation, 'circuit_open', waitMs);
    this.budget.recordCall();
    return permit;
  }

  /** Admits the repetition of a call. @returns null while the circuit is open */
  readmit(operation: string): Permit | null {
    return this.circuits[endpointOf(operation)].admit();
  }

  /** Takes a repetition from the budget of this process. @returns false when the budget is used up */
  takeRetry(operation: string): boolean {
    const isWithinBudget = this.budget.take();
    this.metrics.terraRetries.inc({ operation, outcome: isWithinBudget ? 'sent' : 'over_budget' });
    return isWithinBudget;
  }

  /** Pauses new calls of an operation whose rate Terra limits. */
  pause(operation: string, ms: number): void {
    this.pausedUntil.set(operation, this.now() + Math.min(ms, MAX_RATE_LIMIT_PAUSE_MS));
  }

  private circuit(endpoint: Endpoint): CircuitBreaker {
    this.metrics.terraCircuitOpen.set({ endpoint }, 0);
    const onChange = (isOpen: boolean, waitMs: number): void => {
      this.metrics.terraCircuitOpen.set({ endpoint }, isOpen ? 1 : 0);
      if (isOpen) this.logger.warn({ event: 'terra.circuit_opened', endpoint, seconds: waitMs / 1_000 });
      else this.logger.log({ event: 'terra.circuit_closed', endpoint });
    };
    return new CircuitBreaker({ failures: this.options.circuitFailures, now: this.now, onChange });
  }

  private notSent(
    operation: string,
    cause: 'circuit_open' | 'rate_limited',
    waitMs: number,
  ): TerraPausedError {
    this.metrics.terraCallsNotSent.inc({ operation, cause });
    return new TerraPausedError(
      cause === 'circuit_open' ? 'terra.unavailable' : 'terra.rate_limited',
      waitMs,
    );
  }
}

function endpointOf(operation: string): Endpoint {
  return operation === WIDGET_SESSION ? 'widget' : 'api';
}
