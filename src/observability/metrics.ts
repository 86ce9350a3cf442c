import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Every metric of the service, by name. Labels come from closed sets, never from input: no ids, no free text. */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();

  readonly httpRequests = new Histogram({
    name: 'terra_connect_http_request_duration_seconds',
    help: 'Time to answer a request, by route pattern and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10],
    registers: [this.registry],
  });

  readonly terraRequests = new Histogram({
    name: 'terra_connect_terra_request_duration_seconds',
    help: 'Time that Terra took to answer, by operation and outcome.',
    labelNames: ['operation', 'outcome'] as const,
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10],
    registers: [this.registry],
  });

  readonly sessions = new Counter({
    name: 'terra_connect_sessions_total',
    help: 'Connect sessions, by the status they entered.',
    labelNames: ['status'] as const,
    registers: [this.registry],
  });

  readonly sessionMismatches = new Counter({
    name: 'terra_connect_session_mismatches_total',
    help: 'Links that name a session which was not made for their provider; the session is not completed by them.',
    registers: [this.registry],
  });

  readonly corrections = new Counter({
    name: 'terra_connect_corrections_total',
    help: 'Differences between Terra and us, by who found them (reconcile, sweep) and what was done.',
    labelNames: ['source', 'action'] as const,
    registers: [this.registry],
  });

  readonly reconciliations = new Counter({
    name: 'terra_connect_reconciliations_total',
    help: 'End users compared with Terra on a schedule, by conclusion.',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  readonly sweeps = new Counter({
    name: 'terra_connect_sweeps_total',
    help: 'Sweeps that this process has worked on, by how they ended (completed, held, failed).',
    labelNames: ['status'] as const,
    registers: [this.registry],
  });

  readonly sweepsAwaitingApproval = new Gauge({
    name: 'terra_connect_sweeps_awaiting_approval',
    help: 'Sweeps that the brake holds and that wait for a person; counted when scraped.',
    registers: [this.registry],
  });

  readonly sweepCompletedAt = new Gauge({
    name: 'terra_connect_sweep_completed_timestamp_seconds',
    help: 'When a sweep was last completed; read when scraped.',
    registers: [this.registry],
  });

  readonly callbacks = new Counter({
    name: 'terra_connect_callbacks_total',
    help: 'Browsers coming back from the widget, by what could be confirmed.',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  readonly sessionChecks = new Counter({
    name: 'terra_connect_session_checks_total',
    help: 'Later questions to Terra about callbacks that could not be confirmed at once, by what came of them.',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  readonly webhookDeliveries = new Counter({
    name: 'terra_connect_webhook_deliveries_total',
    help: 'Webhooks accepted, by whether they were new.',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  readonly webhookRejections = new Counter({
    name: 'terra_connect_webhook_rejections_total',
    help: 'Webhooks refused with 401, by cause.',
    labelNames: ['cause'] as const,
    registers: [this.registry],
  });

  readonly webhookEvents = new Counter({
    name: 'terra_connect_webhook_events_total',
    help: 'Webhook events worked off, by type and outcome.',
    labelNames: ['type', 'outcome'] as const,
    registers: [this.registry],
  });

  readonly webhookBacklog = new Gauge({
    name: 'terra_connect_webhook_backlog',
    help: 'Webhook events in the inbox, by status (pending, parked, dead); counted when scraped.',
    labelNames: ['status'] as const,
    registers: [this.registry],
  });

  readonly connectionChanges = new Counter({
    name: 'terra_connect_connection_changes_total',
    help: 'Connections, by the status they entered.',
    labelNames: ['status'] as const,
    registers: [this.registry],
  });

  readonly ownerConflicts = new Counter({
    name: 'terra_connect_owner_conflicts_total',
    help: 'News that names another end user than the one a Terra user belongs to, by who brought it.',
    labelNames: ['source'] as const,
    registers: [this.registry],
  });

  readonly sharedAccounts = new Counter({
    name: 'terra_connect_shared_accounts_total',
    help: 'Provider accounts that turned out to be connected by two end users.',
    registers: [this.registry],
  });

  readonly deauthentications = new Counter({
    name: 'terra_connect_deauthentications_total',
    help: 'Calls that end a user at Terra, by outcome (ended, not_found, failed).',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  readonly deauthenticationsPending = new Gauge({
    name: 'terra_connect_deauthentications_pending',
    help: 'Users whose end Terra has not confirmed yet; counted when scraped.',
    registers: [this.registry],
  });

  readonly deauthenticationsOldestSeconds = new Gauge({
    name: 'terra_connect_deauthentications_oldest_seconds',
    help: 'How long the first of them has been waiting; more than a day is worth an alarm.',
    registers: [this.registry],
  });

  readonly erasures = new Counter({
    name: 'terra_connect_erasures_total',
    help: 'Erasures of end users, by the status they entered (pending, completed).',
    labelNames: ['status'] as const,
    registers: [this.registry],
  });

  readonly erasuresOldestSeconds = new Gauge({
    name: 'terra_connect_erasures_oldest_seconds',
    help: 'How long the first erasure that is not complete has been waiting; more than a day is worth an alarm.',
    registers: [this.registry],
  });

  readonly retentionDeleted = new Counter({
    name: 'terra_connect_retention_deleted_total',
    help: 'Rows deleted because they were old enough, by table.',
    labelNames: ['table'] as const,
    registers: [this.registry],
  });

  private readonly collectors: (() => Promise<void>)[] = [];

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** For values that are looked up when somebody asks. */
  beforeScrape(collect: () => Promise<void>): void {
    this.collectors.push(collect);
  }

  /** The Prometheus text. A collector that fails (the database is away) costs its own values, not the others. */
  async scrape(): Promise<string> {
    await Promise.allSettled(this.collectors.map((collect) => collect()));
    return this.registry.metrics();
  }
}
