import { withinDeadline } from '../common';

/** Sets gauges to what the database has now. */
export type Collector = () => Promise<void>;

interface GaugeRefreshOptions {
  /** How long the gauges count as current. */
  maxAgeMs: number;
  /** How long a scrape waits for its refresh. */
  deadlineMs: number;
  /** A time in milliseconds that never goes back. */
  now: () => number;
}

/**
 * Refreshes the gauges that cost queries, at most once per `maxAgeMs` and with one collector at a time, however many scrapes
 * arrive (T-21). A scrape waits for a limited time: while Postgres is silent, it answers with the last values.
 */
export class GaugeRefresh {
  private readonly collectors: Collector[] = [];
  private running: Promise<void> | null = null;
  private refreshedAt = -Infinity;

  constructor(private readonly options: GaugeRefreshOptions) {}

  add(collector: Collector): void {
    this.collectors.push(collector);
  }

  /** Resolves when the gauges are current, and at the deadline. It never rejects. */
  async refresh(): Promise<void> {
    if (!this.running && this.options.now() - this.refreshedAt < this.options.maxAgeMs) return;
    this.running ??= this.run().finally(() => (this.running = null));
    await withinDeadline(this.running, this.options.deadlineMs, undefined);
  }

  // If a collector fails, only its gauges are outdated. The pause also follows a failure: a database in trouble gets no
  // further queries from scrapes.
  private async run(): Promise<void> {
    for (const collect of this.collectors) await collect().catch(() => undefined);
    this.refreshedAt = this.options.now();
  }
}
