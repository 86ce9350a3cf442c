import type { ConnectionLimits } from './connection-limits';
import type { Environment } from './environment.variables';
import type { DatabaseSettings, TerraConnectOptions } from './options';

interface AppNamespace {
  port: number;
  listenAddress: string;
  shutdownDrainSeconds: number;
  /** Undefined: the main port also serves what is for operators. */
  managementPort: number | undefined;
  trustedProxies: string[];
  logLevel: Environment['LOG_LEVEL'];
  connections: ConnectionLimits;
}

/** The environment in typed parts. Code reads its part and never a variable. */
export interface Namespaces {
  app: AppNamespace;
  database: DatabaseSettings;
  terraConnect: TerraConnectOptions;
}

export function toNamespaces(environment: Environment): Namespaces {
  return {
    app: {
      port: environment.PORT,
      listenAddress: environment.LISTEN_ADDRESS,
      shutdownDrainSeconds: environment.SHUTDOWN_DRAIN_SECONDS,
      managementPort: environment.MANAGEMENT_PORT,
      trustedProxies: environment.TRUSTED_PROXIES,
      logLevel: environment.LOG_LEVEL,
      connections: {
        max: environment.MAX_CONNECTIONS,
        maxPerAddress: environment.MAX_CONNECTIONS_PER_ADDRESS,
        keepAliveSeconds: environment.KEEP_ALIVE_SECONDS,
      },
    },
    database: {
      url: environment.DATABASE_URL,
      poolSize: environment.DATABASE_POOL_SIZE,
      connectTimeoutMs: environment.DATABASE_CONNECT_TIMEOUT_MS,
      statementTimeoutMs: environment.DATABASE_STATEMENT_TIMEOUT_MS,
    },
    terraConnect: {
      publicUrl: environment.PUBLIC_URL,
      terra: {
        devId: environment.TERRA_DEV_ID,
        apiKey: environment.TERRA_API_KEY,
        signingSecrets: environment.TERRA_SIGNING_SECRETS,
        apiUrl: environment.TERRA_API_URL,
        widgetUrl: environment.TERRA_WIDGET_URL,
        widgetGeneration: environment.TERRA_WIDGET_GENERATION,
        signatureToleranceSeconds: environment.TERRA_SIGNATURE_TOLERANCE_SECONDS,
      },
      outgoing: {
        httpsProxy: environment.HTTPS_PROXY,
        httpProxy: environment.HTTP_PROXY,
        noProxy: environment.NO_PROXY,
        circuitFailures: environment.TERRA_CIRCUIT_FAILURES,
      },
      outbound: { allowPrivateNetworks: environment.OUTBOUND_ALLOW_PRIVATE },
      returnUrls: environment.RETURN_URLS,
      workersEnabled: environment.WORKERS_ENABLED,
      workerStallSeconds: environment.WORKER_STALL_SECONDS,
      retention: {
        sessionsDays: environment.RETENTION_SESSIONS_DAYS,
        webhookEventsDays: environment.RETENTION_WEBHOOK_EVENTS_DAYS,
        historyDays: environment.RETENTION_HISTORY_DAYS,
        deauthenticationsDays: environment.RETENTION_DEAUTHENTICATIONS_DAYS,
        eventsDays: environment.RETENTION_EVENTS_DAYS,
      },
      data: {
        retentionHours: environment.RETENTION_DATA_HOURS,
        pointers: environment.PAYLOAD_POINTERS,
        pointerHosts: environment.PAYLOAD_POINTER_HOSTS,
      },
      reconciliation: {
        reconcileIntervalHours: environment.RECONCILE_INTERVAL_HOURS,
        quietAfterHours: environment.QUIET_AFTER_HOURS,
        confirmMinutes: environment.RECONCILE_CONFIRM_MINUTES,
        sweepIntervalHours: environment.SWEEP_INTERVAL_HOURS,
        safetyThresholdShare: environment.SWEEP_SAFETY_THRESHOLD_SHARE,
        safetyThresholdMinimum: environment.SWEEP_SAFETY_THRESHOLD_MINIMUM,
      },
      providers: {
        checkMinutes: environment.PROVIDER_CHECK_MINUTES,
        successors: Object.fromEntries(
          environment.PROVIDER_SUCCESSORS.map((entry) => {
            const [code = '', successor = ''] = entry.split('=');
            return [code, successor === '' ? null : successor];
          }),
        ),
      },
      nats: {
        servers: environment.EVENTS_NATS_URL,
        credentialsFile: environment.EVENTS_NATS_CREDENTIALS_FILE,
        caFile: environment.EVENTS_NATS_CA_FILE,
        prefix: environment.EVENTS_NATS_PREFIX,
        partitions: environment.EVENTS_NATS_PARTITIONS,
        stream: environment.EVENTS_NATS_STREAM,
        types: environment.EVENTS_NATS_TYPES,
      },
      rateLimits: {
        clientPerMinute: environment.RATE_LIMIT_CLIENT_PER_MINUTE,
        endUserPerHour: environment.RATE_LIMIT_END_USER_PER_HOUR,
        addressPerMinute: environment.RATE_LIMIT_ADDRESS_PER_MINUTE,
        refusedKeysPerMinute: environment.RATE_LIMIT_REFUSED_KEYS_PER_MINUTE,
        refusedWebhooksPerMinute: environment.RATE_LIMIT_REFUSED_WEBHOOKS_PER_MINUTE,
      },
      bootstrapApiKey: environment.BOOTSTRAP_API_KEY,
      bodyBudgetMb: environment.BODY_BUDGET_MB,
      apiKeyCacheSeconds: environment.API_KEY_CACHE_SECONDS,
    },
  };
}
