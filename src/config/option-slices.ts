import type { FactoryProvider, Provider, Type } from '@nestjs/common';
import { assertOptions } from './assert-options';
import { NATS_DEFAULTS, NatsOptions } from './nats-options';
import { DATA_DEFAULTS, DataOptions } from './data-options';
import {
  ApiKeyOptions,
  BodyBudgetOptions,
  BootstrapKeyOptions,
  BrowserOptions,
  DEFAULT_API_KEY_CACHE_SECONDS,
  DEFAULT_BODY_BUDGET_MB,
  OUTBOUND_DEFAULTS,
  OutboundOptions,
  OUTGOING_DEFAULTS,
  OutgoingOptions,
  PROVIDER_DEFAULTS,
  ProviderOptions,
  RATE_LIMIT_DEFAULTS,
  RateLimitOptions,
  RECONCILIATION_DEFAULTS,
  ReconciliationOptions,
  RETENTION_DEFAULTS,
  RetentionOptions,
  TERRA_CONNECT_OPTIONS,
  TerraApiOptions,
  WebhookSigningOptions,
  WORKER_STALL_SECONDS,
  WorkerOptions,
  type TerraConnectOptions,
} from './options';

/** The options with every default filled in. */
type ResolvedOptions = TerraConnectOptions & {
  outgoing: OutgoingOptions;
  outbound: OutboundOptions;
  reconciliation: ReconciliationOptions;
  providers: ProviderOptions;
  retention: RetentionOptions;
  nats: NatsOptions;
  data: DataOptions;
  bodyBudgetMb: number;
  apiKeyCacheSeconds: number;
  rateLimits: RateLimitOptions;
};

/** A slice: its class, which is the injection token, and what it takes from the options. */
function slice<Slice extends object>(
  token: Type<Slice>,
  from: (options: ResolvedOptions) => Slice,
): FactoryProvider<Slice> & { provide: Type<Slice> } {
  return { provide: token, inject: [RESOLVED_OPTIONS], useFactory: from };
}

const RESOLVED_OPTIONS = Symbol('RESOLVED_OPTIONS');

const SLICES = [
  slice(TerraApiOptions, ({ terra: { devId, apiKey, apiUrl, widgetUrl, widgetGeneration } }) => ({
    devId,
    apiKey,
    apiUrl,
    widgetUrl,
    widgetGeneration,
  })),
  slice(WebhookSigningOptions, ({ terra: { signingSecrets, signatureToleranceSeconds } }) => ({
    signingSecrets,
    signatureToleranceSeconds,
  })),
  slice(BrowserOptions, ({ publicUrl, returnUrls }) => ({ publicUrl, returnUrls })),
  slice(OutgoingOptions, ({ outgoing }) => outgoing),
  slice(OutboundOptions, ({ outbound }) => outbound),
  slice(ReconciliationOptions, ({ reconciliation }) => reconciliation),
  slice(ProviderOptions, ({ providers }) => providers),
  slice(RetentionOptions, ({ retention }) => retention),
  slice(NatsOptions, ({ nats }) => nats),
  slice(DataOptions, ({ data }) => data),
  slice(RateLimitOptions, ({ rateLimits }) => rateLimits),
  slice(WorkerOptions, ({ workersEnabled, workerStallSeconds = WORKER_STALL_SECONDS }) => ({
    enabled: workersEnabled,
    stallSeconds: workerStallSeconds,
  })),
  slice(BodyBudgetOptions, ({ bodyBudgetMb }) => ({ megabytes: bodyBudgetMb })),
  slice(ApiKeyOptions, ({ apiKeyCacheSeconds }) => ({ cacheSeconds: apiKeyCacheSeconds })),
  slice(BootstrapKeyOptions, ({ bootstrapApiKey }) => ({ apiKey: bootstrapApiKey })),
];

/** The injection tokens of all slices. */
export const OPTION_SLICES: Type<object>[] = SLICES.map(({ provide }) => provide);

/** Provides every slice from the host's options, which are resolved once. */
export const OPTION_PROVIDERS: Provider[] = [
  { provide: RESOLVED_OPTIONS, inject: [TERRA_CONNECT_OPTIONS], useFactory: resolveOptions },
  ...SLICES,
];

/**
 * Checks the options and fills in the defaults.
 *
 * @throws Error that names every wrong option, without its value
 */
function resolveOptions(options: TerraConnectOptions): ResolvedOptions {
  const resolved = {
    ...options,
    outgoing: withDefaults(OUTGOING_DEFAULTS, options.outgoing),
    outbound: withDefaults(OUTBOUND_DEFAULTS, options.outbound),
    reconciliation: withDefaults(RECONCILIATION_DEFAULTS, options.reconciliation),
    providers: withDefaults(PROVIDER_DEFAULTS, options.providers),
    retention: withDefaults(RETENTION_DEFAULTS, options.retention),
    nats: withDefaults(NATS_DEFAULTS, options.nats),
    data: withDefaults(DATA_DEFAULTS, options.data),
    bodyBudgetMb: options.bodyBudgetMb ?? DEFAULT_BODY_BUDGET_MB,
    apiKeyCacheSeconds: options.apiKeyCacheSeconds ?? DEFAULT_API_KEY_CACHE_SECONDS,
    rateLimits: withDefaults(RATE_LIMIT_DEFAULTS, options.rateLimits),
  };
  assertOptions(resolved);
  return resolved;
}

// A field with the value undefined counts as omitted. A plain spread would replace the default with undefined.
function withDefaults<Options extends object>(defaults: Options, given: Partial<Options> = {}): Options {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...(Object.fromEntries(set) as Partial<Options>) };
}
