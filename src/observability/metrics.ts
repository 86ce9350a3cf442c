/* eslint-disable max-lines -- One class lists every metric, as README says, so that an operator reads one file. */
import { Injectable, Module } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { GaugeRefresh, type Collector } from './gauge-refresh';

// A scrape every 15 seconds, which is usual, always gets current values.
const GAUGES_MAX_AGE_MS = 5_000;
// Prometheus gives up after ten seconds.
const SCRAPE_DEADLINE_MS = 2_000;

/** Every metric of the service. Label values come from fixed sets: they are never ids or text from a request. */
@Injectable()
export class Metrics {
  private readonly registry = new Registry();

  readonly httpRequests = new Histogram({
    name: 'terra_connect_http_request_duration_seconds',
    help: 'Time until the service answered a request, by method, route pattern and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10],
    registers: [this.registry],
  });

  readonly connectionsRefused = new Counter({
    name: 'terra_connect_connections_refused_total',
    help: 'Connections that the service closed at once because too many are open, by limit (all, address).',
    labelNames: ['limit'] as const,
    registers: [this.registry],
  });

  readonly requestBodyBytes = new Gauge({
    name: 'terra_connect_request_body_bytes',
    help: 'Memory that the bodies of the open requests take; BODY_BUDGET_MB is the limit.',
    registers: [this.registry],
  });

  readonly terraRequests = new Histogram({
    name: 'terra_connect_terra_request_duration_seconds',
    help: 'Time that Terra took to answer, by operation and outcome.',
    labelNames: ['operation', 'outcome'] as const,
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10],
    registers: [this.registry],
  });

  readonly terraRetries = new Counter({
    name: 'terra_connect_terra_retries_total',
    help: 'Failed requests to Terra that could be repeated, by operation and outcome (sent, over_budget).',
    labelNames: ['operation', 'outcome'] as const,
    registers: [this.registry],
  });

  readonly terraCircuitOpen = new Gauge({
    name: 'terra_connect_terra_circuit_open',
    help: 'Whether this process pauses its calls to an endpoint of Terra (1) or not (0), by endpoint (api, widget).',
    labelNames: ['endpoint'] as const,
    registers: [this.registry],
  });

  readonly terraCallsNotSent = new Counter({
    name: 'terra_connect_terra_calls_not_sent_total',
    help: 'Calls that the service did not make, by operation and cause (circuit_open, rate_limited).',
    labelNames: ['operation', 'cause'] as const,
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
    help: 'Linked accounts whose session offers other providers; they do not complete the session.',
    registers: [this.registry],
  });

  readonly corrections = new Counter({
    name: 'terra_connect_corrections_total',
    help: 'Differences between Terra and the service, by source (reconcile, sweep) and correction.',
    labelNames: ['source', 'action'] as const,
    registers: [this.registry],
  });

  readonly reconciliations = new Counter({
    name: 'terra_connect_reconciliations_total',
    help: 'Scheduled reconciliations of end users, by outcome.',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  readonly sweeps = new Counter({
    name: 'terra_connect_sweeps_total',
    help: 'Sweeps that this process ran, by status (completed, awaiting_approval, failed).',
    labelNames: ['status'] as const,
    registers: [this.registry],
  });

  readonly sweepsAwaitingApproval = new Gauge({
    name: 'terra_connect_sweeps_awaiting_approval',
    help: 'Sweeps that await the approval of an operator; counted when scraped.',
    registers: [this.registry],
  });

  readonly sweepCompletedAt = new Gauge({
    name: 'terra_connect_sweep_completed_timestamp_seconds',
    help: 'When a sweep was last completed; read when scraped.',
    registers: [this.registry],
  });

  readonly callbacks = new Counter({
    name: 'terra_connect_callbacks_total',
    help: 'Returns of browsers from the widget, by outcome.',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  readonly sessionChecks = new Counter({
    name: 'terra_connect_session_checks_total',
    help: 'Later checks with Terra of callbacks that it could not confirm at once, by outcome.',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  readonly webhookDeliveries = new Counter({
    name: 'terra_connect_webhook_deliveries_total',
    help: 'Accepted webhooks, by outcome (stored, duplicate; trace_id_reused: stored, but its trace id had another body).',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  readonly webhookRejections = new Counter({
    name: 'terra_connect_webhook_rejections_total',
    help: 'Webhooks rejected by their headers or signature, by cause.',
    labelNames: ['cause'] as const,
    registers: [this.registry],
  });

  readonly terraTimesRejected = new Counter({
    name: 'terra_connect_terra_times_rejected_total',
    help: 'Implausible times that Terra told and the service did not use, by name and problem.',
    labelNames: ['name', 'problem'] as const,
    registers: [this.registry],
  });

  readonly webhookEvents = new Counter({
    name: 'terra_connect_webhook_events_total',
    help: 'Processed webhook events, by type and outcome.',
    labelNames: ['type', 'outcome'] as const,
    registers: [this.registry],
  });

  readonly webhookBacklog = new Gauge({
    name: 'terra_connect_webhook_backlog',
    help: 'Webhook events in the inbox, by status (pending, parked, dead_lettered); counted when scraped.',
    labelNames: ['status'] as const,
    registers: [this.registry],
  });

  readonly connectionChanges = new Counter({
    name: 'terra_connect_connection_changes_total',
    help: 'Connections, by the status they entered.',
    labelNames: ['status'] as const,
    registers: [this.registry],
  });

  readonly retiredConnections = new Gauge({
    name: 'terra_connect_retired_provider_connections',
    help: 'Live connections of retired providers, by provider; counted after each check of the catalogue.',
    labelNames: ['provider'] as const,
    registers: [this.registry],
  });

  readonly catalogueHeld = new Gauge({
    name: 'terra_connect_provider_catalogue_held',
    help: "Whether Terra's catalogue is not plausible (1), so that it retires no provider; read when scraped.",
    registers: [this.registry],
  });

  readonly ownerConflicts = new Counter({
    name: 'terra_connect_owner_conflicts_total',
    help: 'Facts that name an end user who does not own the Terra user, by source.',
    labelNames: ['source'] as const,
    registers: [this.registry],
  });

  readonly sharedAccounts = new Counter({
    name: 'terra_connect_shared_accounts_total',
    help: 'Provider accounts that two end users have connected.',
    registers: [this.registry],
  });

  readonly deauthentications = new Counter({
    name: 'terra_connect_deauthentications_total',
    help: 'Calls to Terra that deauthenticate a user, by outcome (ended, not_found, failed).',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  readonly deauthenticationsPending = new Gauge({
    name: 'terra_connect_deauthentications_pending',
    help: 'Deauthentication requests that Terra has not confirmed yet; counted when scraped.',
    registers: [this.registry],
  });

  readonly deauthenticationsOldestSeconds = new Gauge({
    name: 'terra_connect_deauthentications_oldest_seconds',
    help: 'Age of the oldest deauthentication request that Terra has not confirmed; set an alarm above one day.',
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
    help: 'Age of the oldest erasure that is not completed; set an alarm above one day.',
    registers: [this.registry],
  });

  readonly dataEvents = new Counter({
    name: 'terra_connect_data_events_total',
    help: 'Data events of Terra that a taker wants, by outcome: forwarded, waiting (for the owner or for a check), or why the data does not leave (disconnecting, disconnected, moved, merged, erased, no_terra_user, waited_too_long, too_many_waiting).',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  readonly payloadPointers = new Counter({
    name: 'terra_connect_payload_pointers_total',
    help: 'Attempts to fetch the payload of a pointer, by outcome: fetched, duplicate (its payload had been stored), retried, or why the pointer was given up (url_forbidden, address_forbidden, name_unresolved, connection_failed, tls_failed, timed_out, too_large, answer_rejected, busy, no_url, unreadable, not_data, too_many_attempts).',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  readonly eventBodies = new Gauge({
    name: 'terra_connect_event_bodies',
    help: 'Data events whose body the service has for takers; counted when scraped.',
    registers: [this.registry],
  });

  readonly eventBodyBytes = new Gauge({
    name: 'terra_connect_event_body_bytes',
    help: 'The size of these bodies; summed when scraped.',
    registers: [this.registry],
  });

  readonly eventDeliveries = new Counter({
    name: 'terra_connect_event_deliveries_total',
    help: 'Attempts to deliver events to webhook endpoints, by outcome (accepted, failed, gone, not_attempted), and deliveries that are given_up or dropped.',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  readonly eventDeliveryLag = new Gauge({
    name: 'terra_connect_event_delivery_lag_seconds',
    help: 'For how long the oldest due delivery to an enabled webhook endpoint waits; set an alarm above one minute.',
    registers: [this.registry],
  });

  readonly webhookEndpointsDisabled = new Counter({
    name: 'terra_connect_webhook_endpoints_disabled_total',
    help: 'Webhook endpoints that the service disabled, by reason (gone, failing).',
    labelNames: ['reason'] as const,
    registers: [this.registry],
  });

  readonly webhookEndpointsDisabledNow = new Gauge({
    name: 'terra_connect_webhook_endpoints_disabled',
    help: 'Webhook endpoints that are disabled, by the service or by a caller; counted when scraped.',
    registers: [this.registry],
  });

  readonly webhookPartitionsAhead = new Gauge({
    name: 'terra_connect_webhook_partitions_ahead_seconds',
    help: 'How far ahead the daily partitions of stored webhook events reach; read when scraped.',
    registers: [this.registry],
  });

  readonly natsPublished = new Counter({
    name: 'terra_connect_nats_published_total',
    help: 'Events that NATS has stored.',
    registers: [this.registry],
  });

  readonly natsFailures = new Counter({
    name: 'terra_connect_nats_failures_total',
    help: 'Attempts to publish to NATS that failed, by cause (docs/operations.md lists them).',
    labelNames: ['cause'] as const,
    registers: [this.registry],
  });

  readonly natsMissed = new Counter({
    name: 'terra_connect_nats_missed_total',
    help: 'Events that retention dropped before they were published to NATS.',
    registers: [this.registry],
  });

  readonly natsLagEvents = new Gauge({
    name: 'terra_connect_nats_lag_events',
    help: 'Events of the log that the relay to NATS has not passed; read when scraped.',
    registers: [this.registry],
  });

  readonly natsLagSeconds = new Gauge({
    name: 'terra_connect_nats_lag_seconds',
    help: 'Age of the oldest event that the relay to NATS has not passed; read when scraped.',
    registers: [this.registry],
  });

  readonly retentionDeleted = new Counter({
    name: 'terra_connect_retention_deleted_total',
    help: 'Rows that retention has deleted, by table.',
    labelNames: ['table'] as const,
    registers: [this.registry],
  });

  private readonly gauges = new GaugeRefresh({
    maxAgeMs: GAUGES_MAX_AGE_MS,
    deadlineMs: SCRAPE_DEADLINE_MS,
    now: () => performance.now(),
  });
  private rendering: Promise<string> | null = null;

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Registers a callback that sets gauges before a scrape, but not more often than every five seconds. */
  beforeScrape(collect: Collector): void {
    this.gauges.add(collect);
  }

  /**
   * Returns all metrics as Prometheus text, within two seconds. While Postgres is down or silent, the gauges that it
   * provides are outdated. Scrapes that arrive at the same time share one text.
   */
  scrape(): Promise<string> {
    this.rendering ??= this.render().finally(() => (this.rendering = null));
    return this.rendering;
  }

  private async render(): Promise<string> {
    await this.gauges.refresh();
    return this.registry.metrics();
  }
}

/** Provides the metrics. Their route is in `health/metrics.controller.ts`, because a host has its own route. */
@Module({ providers: [Metrics], exports: [Metrics] })
export class ObservabilityModule {}
