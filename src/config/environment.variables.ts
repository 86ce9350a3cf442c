/* eslint-disable max-lines -- One class lists every variable, so that none is read elsewhere. */
import { IsIn, IsNotEmpty, IsOptional, IsString, MinLength, Validate } from 'class-validator';
import {
  PortNumber,
  Share,
  ToInteger,
  ToList,
  TrueOrFalse,
  WholeNumber,
  WithoutTrailingSlash,
  WithPostgresSslModes,
} from './environment.conversions';
import { DATA_DEFAULTS, IsPointerHostList, MAX_DATA_HOURS, POINTER_MODES } from './data-options';
import { IsNetworkList } from './network-list.validator';
import {
  IsDatabaseUrl,
  IsListenAddress,
  IsProxyUrl,
  IsRetentionOfWebhooks,
  IsReturnUrlList,
  IsSecretList,
  IsServiceUrl,
  IsSuccessorList,
  NotPlaceholder,
} from './environment.validators';
import {
  IsEventTypeList,
  IsNatsServerList,
  IsNatsStreamName,
  IsNatsSubject,
  MAX_NATS_PARTITIONS,
  NATS_DEFAULTS,
} from './nats-options';
import {
  DATABASE_DEFAULTS,
  DEFAULT_API_KEY_CACHE_SECONDS,
  DEFAULT_BODY_BUDGET_MB,
  MAX_API_KEY_CACHE_SECONDS,
  MIN_BODY_BUDGET_MB,
  MIN_EVENTS_DAYS,
  OUTBOUND_DEFAULTS,
  OUTGOING_DEFAULTS,
  PROVIDER_DEFAULTS,
  RATE_LIMIT_DEFAULTS,
  RECONCILIATION_DEFAULTS,
  RETENTION_DEFAULTS,
  WIDGET_GENERATIONS,
  WORKER_STALL_SECONDS,
  type WidgetGeneration,
} from './options';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const MAX_DAYS = 36_500;
const MAX_REQUESTS = 1_000_000;

/** Every variable that the service reads. The names are part of the API; `.env.example` documents each. */
export class Environment {
  @PortNumber()
  PORT: number = 3000;

  @Validate(IsListenAddress)
  LISTEN_ADDRESS: string = '::';

  @WholeNumber('seconds', 0, 600)
  SHUTDOWN_DRAIN_SECONDS: number = 10;

  /** The port of /metrics, /health and /docs. Without it, they are on the main port. */
  @IsOptional()
  @PortNumber()
  MANAGEMENT_PORT?: number;

  /** Only `production` has an effect: the service then rejects secrets that anyone can read or guess. */
  @IsOptional()
  @IsString()
  NODE_ENV?: string;

  /** The proxies whose X-Forwarded-For header names the client. Without an entry, the header has no effect. */
  @ToList()
  @Validate(IsNetworkList)
  TRUSTED_PROXIES: string[] = [];

  @WithoutTrailingSlash()
  @Validate(IsServiceUrl, ['https-unless-loopback'])
  PUBLIC_URL: string;

  @WithPostgresSslModes()
  @Validate(IsDatabaseUrl)
  DATABASE_URL: string;

  /** Where `migrate` connects, if not to DATABASE_URL: with another role, or past a pooler. */
  @IsOptional()
  @WithPostgresSslModes()
  @Validate(IsDatabaseUrl)
  DATABASE_MIGRATION_URL?: string;

  @WholeNumber('connections', 2, 1_000)
  DATABASE_POOL_SIZE: number = DATABASE_DEFAULTS.poolSize;

  @WholeNumber('milliseconds', 100, 60_000)
  DATABASE_CONNECT_TIMEOUT_MS: number = DATABASE_DEFAULTS.connectTimeoutMs;

  @WholeNumber('milliseconds', 2_000, 300_000)
  DATABASE_STATEMENT_TIMEOUT_MS: number = DATABASE_DEFAULTS.statementTimeoutMs;

  /** The folder where `npm start` keeps its data. The service itself writes no file. */
  @IsString()
  @IsNotEmpty({ message: 'must name a folder' })
  DATA_DIR: string = '.data';

  @IsString({ message: 'is missing: Terra dashboard, Connections, API credentials' })
  @IsNotEmpty({ message: 'is missing: Terra dashboard, Connections, API credentials' })
  @Validate(NotPlaceholder)
  TERRA_DEV_ID: string;

  @IsString({ message: 'is missing: Terra dashboard, Connections, API credentials' })
  @IsNotEmpty({ message: 'is missing: Terra dashboard, Connections, API credentials' })
  @Validate(NotPlaceholder)
  TERRA_API_KEY: string;

  @ToList()
  @Validate(IsSecretList)
  TERRA_SIGNING_SECRETS: string[];

  @WithoutTrailingSlash()
  @Validate(IsServiceUrl)
  TERRA_API_URL: string = 'https://access.tryterra.co/api/v2';

  @WithoutTrailingSlash()
  @Validate(IsServiceUrl)
  TERRA_WIDGET_URL: string = 'https://access.tryterra.co/api/widget/session';

  @IsIn(WIDGET_GENERATIONS, { message: `must be one of ${WIDGET_GENERATIONS.join(', ')}` })
  TERRA_WIDGET_GENERATION: WidgetGeneration = 'auto';

  @WholeNumber('failures', 0, 1_000)
  TERRA_CIRCUIT_FAILURES: number = OUTGOING_DEFAULTS.circuitFailures;

  @Validate(IsProxyUrl)
  HTTPS_PROXY: string = OUTGOING_DEFAULTS.httpsProxy;

  @Validate(IsProxyUrl)
  HTTP_PROXY: string = OUTGOING_DEFAULTS.httpProxy;

  @IsString()
  NO_PROXY: string = OUTGOING_DEFAULTS.noProxy;

  @TrueOrFalse()
  OUTBOUND_ALLOW_PRIVATE: boolean = OUTBOUND_DEFAULTS.allowPrivateNetworks;

  @WholeNumber('seconds', 1, 86_400)
  TERRA_SIGNATURE_TOLERANCE_SECONDS: number = 300;

  @ToList()
  @Validate(IsReturnUrlList)
  RETURN_URLS: string[] = [];

  @IsOptional()
  @MinLength(16, { message: 'must have at least 16 characters' })
  @Validate(NotPlaceholder)
  BOOTSTRAP_API_KEY?: string;

  @WholeNumber('seconds', 0, MAX_API_KEY_CACHE_SECONDS)
  API_KEY_CACHE_SECONDS: number = DEFAULT_API_KEY_CACHE_SECONDS;

  @TrueOrFalse()
  WORKERS_ENABLED: boolean = true;

  @WholeNumber('seconds', 30, 3_600)
  WORKER_STALL_SECONDS: number = WORKER_STALL_SECONDS;

  @WholeNumber('hours', 1, 8_760)
  RECONCILE_INTERVAL_HOURS: number = RECONCILIATION_DEFAULTS.reconcileIntervalHours;

  @WholeNumber('hours', 0, 8_760)
  QUIET_AFTER_HOURS: number = RECONCILIATION_DEFAULTS.quietAfterHours;

  @WholeNumber('minutes', 1, 10_080)
  RECONCILE_CONFIRM_MINUTES: number = RECONCILIATION_DEFAULTS.confirmMinutes;

  @WholeNumber('hours', 0, 8_760)
  SWEEP_INTERVAL_HOURS: number = RECONCILIATION_DEFAULTS.sweepIntervalHours;

  @Share()
  SWEEP_SAFETY_THRESHOLD_SHARE: number = RECONCILIATION_DEFAULTS.safetyThresholdShare;

  @WholeNumber('changes', 0, 1_000_000)
  SWEEP_SAFETY_THRESHOLD_MINIMUM: number = RECONCILIATION_DEFAULTS.safetyThresholdMinimum;

  @WholeNumber('minutes', 1, 10_080)
  PROVIDER_CHECK_MINUTES: number = PROVIDER_DEFAULTS.checkMinutes;

  @ToList()
  @Validate(IsSuccessorList)
  PROVIDER_SUCCESSORS: string[] = [];

  @WholeNumber('requests', 0, MAX_REQUESTS)
  RATE_LIMIT_CLIENT_PER_MINUTE: number = RATE_LIMIT_DEFAULTS.clientPerMinute;

  @WholeNumber('sessions', 0, 1_000)
  RATE_LIMIT_END_USER_PER_HOUR: number = RATE_LIMIT_DEFAULTS.endUserPerHour;

  @WholeNumber('requests', 0, MAX_REQUESTS)
  RATE_LIMIT_ADDRESS_PER_MINUTE: number = RATE_LIMIT_DEFAULTS.addressPerMinute;

  @WholeNumber('requests', 0, MAX_REQUESTS)
  RATE_LIMIT_REFUSED_KEYS_PER_MINUTE: number = RATE_LIMIT_DEFAULTS.refusedKeysPerMinute;

  @WholeNumber('requests', 0, MAX_REQUESTS)
  RATE_LIMIT_REFUSED_WEBHOOKS_PER_MINUTE: number = RATE_LIMIT_DEFAULTS.refusedWebhooksPerMinute;

  @WholeNumber('days', 0, MAX_DAYS)
  RETENTION_SESSIONS_DAYS: number = RETENTION_DEFAULTS.sessionsDays;

  @ToInteger()
  @Validate(IsRetentionOfWebhooks)
  RETENTION_WEBHOOK_EVENTS_DAYS: number = RETENTION_DEFAULTS.webhookEventsDays;

  @WholeNumber('days', 0, MAX_DAYS)
  RETENTION_HISTORY_DAYS: number = RETENTION_DEFAULTS.historyDays;

  @WholeNumber('days', 0, MAX_DAYS)
  RETENTION_DEAUTHENTICATIONS_DAYS: number = RETENTION_DEFAULTS.deauthenticationsDays;

  @WholeNumber('days', MIN_EVENTS_DAYS, MAX_DAYS)
  RETENTION_EVENTS_DAYS: number = RETENTION_DEFAULTS.eventsDays;

  @ToList()
  @Validate(IsNatsServerList)
  EVENTS_NATS_URL: string[] = NATS_DEFAULTS.servers;

  @IsString()
  EVENTS_NATS_CREDENTIALS_FILE: string = NATS_DEFAULTS.credentialsFile;

  @IsString()
  EVENTS_NATS_CA_FILE: string = NATS_DEFAULTS.caFile;

  @Validate(IsNatsSubject)
  EVENTS_NATS_PREFIX: string = NATS_DEFAULTS.prefix;

  @WholeNumber('partitions', 1, MAX_NATS_PARTITIONS)
  EVENTS_NATS_PARTITIONS: number = NATS_DEFAULTS.partitions;

  @Validate(IsNatsStreamName)
  EVENTS_NATS_STREAM: string = NATS_DEFAULTS.stream;

  @ToList()
  @Validate(IsEventTypeList)
  EVENTS_NATS_TYPES: string[] = NATS_DEFAULTS.types;

  @WholeNumber('hours', 1, MAX_DATA_HOURS)
  RETENTION_DATA_HOURS: number = DATA_DEFAULTS.retentionHours;

  @IsIn(POINTER_MODES, { message: `must be one of ${POINTER_MODES.join(', ')}` })
  PAYLOAD_POINTERS: (typeof POINTER_MODES)[number] = DATA_DEFAULTS.pointers;

  @ToList()
  @Validate(IsPointerHostList)
  PAYLOAD_POINTER_HOSTS: string[] = DATA_DEFAULTS.pointerHosts;

  @WholeNumber('megabytes', MIN_BODY_BUDGET_MB, 65_536)
  BODY_BUDGET_MB: number = DEFAULT_BODY_BUDGET_MB;

  @WholeNumber('connections', 1, 1_000_000)
  MAX_CONNECTIONS: number = 2_000;

  @WholeNumber('connections', 0, 1_000_000)
  MAX_CONNECTIONS_PER_ADDRESS: number = 0;

  @WholeNumber('seconds', 1, 3_600)
  KEEP_ALIVE_SECONDS: number = 75;

  @IsIn(LOG_LEVELS, { message: `must be one of ${LOG_LEVELS.join(', ')}` })
  LOG_LEVEL: (typeof LOG_LEVELS)[number] = 'info';
}
