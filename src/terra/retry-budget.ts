const WINDOW_MS = 60_000;
const SHARE = 0.1;
// Without it, a process with few calls could never repeat one.
const MINIMUM = 10;

/**
 * Limits the repetitions of this process to a tenth of its calls, or to ten a minute if that is more. While Terra
 * fails, each call wants a repetition: without a limit, the load on Terra would double when Terra can bear it least.
 */
export class RetryBudget {
  private windowEndsAt = 0;
  private calls = 0;
  private retries = 0;

  /** @param now a clock in milliseconds; it may be set back */
  constructor(private readonly now: () => number) {}

  recordCall(): void {
    this.startWindowIfDue();
    this.calls += 1;
  }

  /** @returns false when the budget is used up; otherwise one repetition less is left */
  take(): boolean {
    this.startWindowIfDue();
    if (this.retries >= Math.max(MINIMUM, Math.floor(this.calls * SHARE))) return false;
    this.retries += 1;
    return true;
  }

  private startWindowIfDue(): void {
    const leftMs = this.windowEndsAt - this.now();
    if (leftMs > 0 && leftMs <= WINDOW_MS) return;
    this.windowEndsAt = this.now() + WINDOW_MS;
    this.calls = 0;
    this.retries = 0;
  }
}
