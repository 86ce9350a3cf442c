import type { Provider, Type } from '@nestjs/common';
import { assertOptions } from './assert-options';
import {
  BootstrapKeyOptions,
  BrowserOptions,
  RECONCILIATION_DEFAULTS,
  ReconciliationOptions,
  RETENTION_DEFAULTS,
  RetentionOptions,
  TERRA_CONNECT_OPTIONS,
  TerraApiOptions,
  WebhookSigningOptions,
  WorkerOptions,
  type TerraConnectOptions,
} from './options';

/** By the class that is the injection token of a slice: the slice's value. */
type OptionSlices = Map<Type<object>, object>;

/**
 * Checks the options, fills in the defaults, and cuts the result into slices.
 *
 * @throws Error that names every option that is wrong, without its value
 */
function resolveOptions(options: TerraConnectOptions): OptionSlices {
  const { terra, publicUrl, returnUrls, workersEnabled, bootstrapApiKey } = options;
  const { signingSecrets, signatureToleranceSeconds, ...terraApi } = terra;
  const reconciliation = withDefaults(RECONCILIATION_DEFAULTS, options.reconciliation);
  const retention = withDefaults(RETENTION_DEFAULTS, options.retention);
  assertOptions({ ...options, reconciliation, retention });
  return new Map<Type<object>, object>([
    [TerraApiOptions, terraApi],
    [WebhookSigningOptions, { signingSecrets, signatureToleranceSeconds }],
    [BrowserOptions, { publicUrl, returnUrls }],
    [ReconciliationOptions, reconciliation],
    [RetentionOptions, retention],
    [WorkerOptions, { enabled: workersEnabled }],
    [BootstrapKeyOptions, { apiKey: bootstrapApiKey }],
  ]);
}

// A field that is given as undefined counts as left out; spreading it would replace the default.
function withDefaults<Options extends object>(defaults: Options, given: Partial<Options> = {}): Options {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...(Object.fromEntries(set) as Partial<Options>) };
}

/** The injection tokens of all slices. */
export const OPTION_SLICES: Type<object>[] = [
  TerraApiOptions,
  WebhookSigningOptions,
  BrowserOptions,
  ReconciliationOptions,
  RetentionOptions,
  WorkerOptions,
  BootstrapKeyOptions,
];

const RESOLVED_OPTIONS = Symbol('RESOLVED_OPTIONS');

/** Provides every slice from the host's options, which are resolved once. */
export const OPTION_PROVIDERS: Provider[] = [
  { provide: RESOLVED_OPTIONS, inject: [TERRA_CONNECT_OPTIONS], useFactory: resolveOptions },
  ...OPTION_SLICES.map((token) => ({
    provide: token,
    inject: [RESOLVED_OPTIONS],
    useFactory: (slices: OptionSlices) => slices.get(token),
  })),
];
