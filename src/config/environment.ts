import { plainToInstance, Transform } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  MinLength,
  Validate,
  validateSync,
  type ValidationError,
} from 'class-validator';
import {
  IsRetentionOfWebhooks,
  IsReturnUrlList,
  IsSecretList,
  IsServiceUrl,
  NotPlaceholder,
} from './environment.validators';
import {
  RECONCILIATION_DEFAULTS,
  RETENTION_DEFAULTS,
  WIDGET_GENERATIONS,
  type WidgetGeneration,
} from './options';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

// class-transformer's implicit conversion turns "false" into true and "" into 0. So each conversion is explicit. It
// leaves a value that it cannot convert unchanged, and the validator reports it.
const ToInteger = () =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value,
  );
const ToShare = () =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^[01](\.\d{1,6})?$/.test(value) ? Number(value) : value,
  );
const ToBoolean = () =>
  Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value));
const ToList = () =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== '')
      : value,
  );
const WithoutTrailingSlash = () =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' ? value.replace(/\/+$/, '') : value,
  );

/** Converts a variable to a whole number and checks its bounds. */
const WholeNumber = (of: string, least: number, most: number): PropertyDecorator => {
  const message = `must be a whole number of ${of} from ${least} to ${most}`;
  const rules = [ToInteger(), IsInt({ message }), Min(least, { message }), Max(most, { message })];
  return (target, property) => rules.forEach((rule) => rule(target, property));
};
const SHARE = 'must be a share from 0 to 1, such as 0.1';
const MAX_DAYS = 36_500;

/** Every variable that the service reads. The names are part of the API; `.env.example` documents each. */
export class Environment {
  @ToInteger()
  @IsInt({ message: 'must be a port number' })
  @Min(0, { message: 'must be a port number' })
  @Max(65_535, { message: 'must be a port number' })
  PORT: number = 3000;

  @WithoutTrailingSlash()
  @Validate(IsServiceUrl, ['https-unless-loopback'])
  PUBLIC_URL: string;

  @Matches(/^postgres(ql)?:\/\/\S+$/, { message: 'must be a postgres:// URL' })
  DATABASE_URL: string;

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

  @ToInteger()
  @IsInt({ message: 'must be a whole number of seconds from 1 to 86400' })
  @Min(1, { message: 'must be a whole number of seconds from 1 to 86400' })
  @Max(86_400, { message: 'must be a whole number of seconds from 1 to 86400' })
  TERRA_SIGNATURE_TOLERANCE_SECONDS: number = 300;

  @ToList()
  @Validate(IsReturnUrlList)
  RETURN_URLS: string[] = [];

  @IsOptional()
  @MinLength(16, { message: 'must have at least 16 characters' })
  @Validate(NotPlaceholder)
  BOOTSTRAP_API_KEY?: string;

  @ToBoolean()
  @IsBoolean({ message: 'must be true or false' })
  WORKERS_ENABLED: boolean = true;

  @WholeNumber('hours', 1, 8_760)
  RECONCILE_INTERVAL_HOURS: number = RECONCILIATION_DEFAULTS.reconcileIntervalHours;

  @WholeNumber('hours', 0, 8_760)
  QUIET_AFTER_HOURS: number = RECONCILIATION_DEFAULTS.quietAfterHours;

  @WholeNumber('minutes', 1, 10_080)
  RECONCILE_CONFIRM_MINUTES: number = RECONCILIATION_DEFAULTS.confirmMinutes;

  @WholeNumber('hours', 0, 8_760)
  SWEEP_INTERVAL_HOURS: number = RECONCILIATION_DEFAULTS.sweepIntervalHours;

  @ToShare()
  @IsNumber({}, { message: SHARE })
  @Min(0, { message: SHARE })
  @Max(1, { message: SHARE })
  SWEEP_SAFETY_THRESHOLD_SHARE: number = RECONCILIATION_DEFAULTS.safetyThresholdShare;

  @WholeNumber('changes', 0, 1_000_000)
  SWEEP_SAFETY_THRESHOLD_MINIMUM: number = RECONCILIATION_DEFAULTS.safetyThresholdMinimum;

  @WholeNumber('days', 0, MAX_DAYS)
  RETENTION_SESSIONS_DAYS: number = RETENTION_DEFAULTS.sessionsDays;

  @ToInteger()
  @Validate(IsRetentionOfWebhooks)
  RETENTION_WEBHOOK_EVENTS_DAYS: number = RETENTION_DEFAULTS.webhookEventsDays;

  @WholeNumber('days', 0, MAX_DAYS)
  RETENTION_HISTORY_DAYS: number = RETENTION_DEFAULTS.historyDays;

  @WholeNumber('days', 0, MAX_DAYS)
  RETENTION_DEAUTHENTICATIONS_DAYS: number = RETENTION_DEFAULTS.deauthenticationsDays;

  @IsIn(LOG_LEVELS, { message: `must be one of ${LOG_LEVELS.join(', ')}` })
  LOG_LEVEL: (typeof LOG_LEVELS)[number] = 'info';
}

/** Old name → new name. Without this table, the service would silently ignore a variable with its old name. */
const RENAMED_VARIABLES: Record<string, keyof Environment> = {
  SWEEP_BRAKE_SHARE: 'SWEEP_SAFETY_THRESHOLD_SHARE',
  SWEEP_BRAKE_MINIMUM: 'SWEEP_SAFETY_THRESHOLD_MINIMUM',
  RETENTION_LEDGER_DAYS: 'RETENTION_DEAUTHENTICATIONS_DAYS',
};

/** Reports every missing, malformed or renamed variable at start-up. It contains no values: each may be a secret. */
export class EnvironmentError extends Error {
  constructor(readonly problems: string[]) {
    super(
      `The service cannot start with this environment:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\n` +
        '.env.example describes each variable.',
    );
    this.name = 'EnvironmentError';
  }
}

/**
 * Reads and validates the environment. An empty variable counts as not set.
 *
 * @throws EnvironmentError that names every missing, malformed or renamed variable
 */
export function readEnvironment(source: Record<string, string | undefined> = process.env): Environment {
  const known = Object.keys(source).filter(
    (name) => source[name]?.trim() !== '' && source[name] !== undefined,
  );
  const environment = plainToInstance(
    Environment,
    Object.fromEntries(known.map((name) => [name, source[name]])),
    {
      exposeDefaultValues: true,
    },
  );
  const malformed = validateSync(environment, { skipMissingProperties: false, stopAtFirstError: true });
  const problems = [...renamedAmong(known), ...malformed.map(describe)];
  if (problems.length > 0) throw new EnvironmentError(problems);
  return environment;
}

/** Reads DATABASE_URL, the only variable that the migration commands need. */
export function readDatabaseUrl(source: Record<string, string | undefined> = process.env): string {
  const url = source.DATABASE_URL;
  if (!url || !/^postgres(ql)?:\/\/\S+$/.test(url)) {
    throw new EnvironmentError([url ? 'DATABASE_URL must be a postgres:// URL' : 'DATABASE_URL is missing']);
  }
  return url;
}

/**
 * Reads the environment of a command that only reads the database. Only DATABASE_URL is required: unused values replace
 * the other missing variables, so the caller must not call Terra unless `hasTerra` is true. It ignores
 * BOOTSTRAP_API_KEY.
 */
export function readDiagnosisEnvironment(source: Record<string, string | undefined> = process.env): {
  environment: Environment;
  hasTerra: boolean;
} {
  readDatabaseUrl(source);
  const isSet = (name: string): boolean => (source[name] ?? '').trim() !== '';
  const hasTerra = isSet('TERRA_DEV_ID') && isSet('TERRA_API_KEY');
  const given = Object.fromEntries(Object.entries(source).filter(([name]) => isSet(name)));
  // NotPlaceholder and IsSecretList must accept these values.
  const unusedValues = {
    PUBLIC_URL: 'http://localhost:3000',
    TERRA_SIGNING_SECRETS: 'unused-signing-secret-0123456789',
    ...(hasTerra ? {} : { TERRA_DEV_ID: 'not-set', TERRA_API_KEY: 'not-set' }),
  };
  const environment = readEnvironment({ ...unusedValues, ...given, BOOTSTRAP_API_KEY: undefined });
  return { environment, hasTerra };
}

function renamedAmong(names: string[]): string[] {
  const renamed = Object.entries(RENAMED_VARIABLES).filter(([from]) => names.includes(from));
  return renamed.map(([from, to]) => `${from} was renamed: set ${to} instead`);
}

function describe(error: ValidationError): string {
  const reason = Object.values(error.constraints ?? {})[0] ?? 'is malformed';
  return `${error.property} ${error.value === undefined && !reason.startsWith('is missing') ? `is missing: it ${reason}` : reason}`;
}
