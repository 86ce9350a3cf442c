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

/** The class of a slice, which is its injection token → the value of the slice. */
type OptionSlices = Map<Type<object>, object>;

/**
 * Fills in the defaults, checks the options and splits them into slices.
 *
 * @throws Error that names every wrong option, without its value
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

// A field with the value undefined counts as omitted. A plain spread would replace the default with undefined.
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

/** Provides every slice of the host's options. `resolveOptions` runs only once for all of them. */
export const OPTION_PROVIDERS: Provider[] = [
  { provide: RESOLVED_OPTIONS, inject: [TERRA_CONNECT_OPTIONS], useFactory: resolveOptions },
  ...OPTION_SLICES.map((token) => ({
    provide: token,
    inject: [RESOLVED_OPTIONS],
    useFactory: (slices: OptionSlices) => slices.get(token),
  })),
];
