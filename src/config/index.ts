export {
  EnvironmentError,
  readDatabaseUrl,
  readDiagnosisEnvironment,
  readEnvironment,
  readLogLevel,
  readMigrationUrl,
} from './environment';
export { Environment } from './environment.variables';
export { DataOptions } from './data-options';
export type { ConnectionLimits } from './connection-limits';
export { NatsOptions } from './nats-options';
export { toNamespaces, type Namespaces } from './namespaces';
export { OPTION_PROVIDERS, OPTION_SLICES } from './option-slices';
export {
  ApiKeyOptions,
  BodyBudgetOptions,
  BootstrapKeyOptions,
  BrowserOptions,
  DATABASE_DEFAULTS,
  OutboundOptions,
  OutgoingOptions,
  ProviderOptions,
  RATE_LIMIT_DEFAULTS,
  RateLimitOptions,
  ReconciliationOptions,
  RetentionOptions,
  TERRA_CONNECT_OPTIONS,
  TerraApiOptions,
  WebhookSigningOptions,
  WorkerOptions,
  type DatabaseSettings,
  type TerraConnectOptions,
} from './options';
export { isWebUrl, parseReturnUrl } from './return-url';
export { ReturnUrlList } from './return-url-list';
export { secretsOf } from './secrets';
