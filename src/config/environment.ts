import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { describeDatabaseUrlProblem, withPostgresSslModes } from './database-url';
import { Environment, LOG_LEVELS } from './environment.variables';
import { findWeakSecrets } from './published-secrets';
import { readSecretFiles } from './secret-files';
import { passwordsIn } from './secrets';

/** Old name → new name. Without this table, the service would silently ignore a variable with its old name. */
const RENAMED_VARIABLES: Record<string, keyof Environment> = {
  SWEEP_BRAKE_SHARE: 'SWEEP_SAFETY_THRESHOLD_SHARE',
  SWEEP_BRAKE_MINIMUM: 'SWEEP_SAFETY_THRESHOLD_MINIMUM',
  RETENTION_LEDGER_DAYS: 'RETENTION_DEAUTHENTICATIONS_DAYS',
};

// Most programs read these names in lower case, too, and prefer them.
const ALSO_IN_LOWER_CASE: (keyof Environment)[] = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'];

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
 * @throws EnvironmentError that names every missing, malformed or renamed variable, and in production every secret that
 *   anyone can read or guess
 */
export function readEnvironment(source: Record<string, string | undefined> = process.env): Environment {
  const { variables, problems: fileProblems } = readSecretFiles(source);
  const given = givenIn(variables);
  const environment = plainToInstance(Environment, given, { exposeDefaultValues: true });
  const malformed = validateSync(environment, { skipMissingProperties: false, stopAtFirstError: true });
  // A variable whose file is wrong is missing as well: that would be a second report of one problem.
  const reported = malformed.filter(({ property }) => !fileProblems.some((one) => one.startsWith(property)));
  const problems = [...renamedAmong(Object.keys(given)), ...fileProblems, ...reported.map(describe)];
  if (problems.length === 0 && environment.NODE_ENV === 'production')
    problems.push(...weakSecretsOf(environment));
  if (problems.length > 0) throw new EnvironmentError(problems);
  return environment;
}

/** Whether the process runs in production, for a host that does not call {@link readEnvironment}. */
export const isProduction = (): boolean => process.env.NODE_ENV === 'production';

/** Reads DATABASE_URL, the only variable that most commands need. */
export function readDatabaseUrl(source: Record<string, string | undefined> = process.env): string {
  return readFirstUrl(source, ['DATABASE_URL']);
}

/** Reads LOG_LEVEL, for a command that has another default than the service. */
export function readLogLevel(
  fallback: Environment['LOG_LEVEL'],
  source: Record<string, string | undefined> = process.env,
): Environment['LOG_LEVEL'] {
  const text = source.LOG_LEVEL?.trim() || fallback;
  const level = LOG_LEVELS.find((known) => known === text);
  if (!level) throw new EnvironmentError([`LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}`]);
  return level;
}

/** Reads DATABASE_MIGRATION_URL, or DATABASE_URL if it is not set. */
export function readMigrationUrl(source: Record<string, string | undefined> = process.env): string {
  return readFirstUrl(source, ['DATABASE_MIGRATION_URL', 'DATABASE_URL']);
}

function readFirstUrl(
  source: Record<string, string | undefined>,
  names: ('DATABASE_MIGRATION_URL' | 'DATABASE_URL')[],
): string {
  const { variables, problems } = readSecretFiles(source);
  const fileProblems = problems.filter((problem) => names.some((name) => problem.startsWith(name)));
  if (fileProblems.length > 0) throw new EnvironmentError(fileProblems);
  const name = names.find((each) => variables[each]?.trim());
  if (!name) throw new EnvironmentError(['DATABASE_URL is missing']);
  const url = variables[name]!.trim();
  const problem = describeDatabaseUrlProblem(url);
  if (problem) throw new EnvironmentError([`${name} ${problem}`]);
  return withPostgresSslModes(url);
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
  const withoutKey = { ...source, BOOTSTRAP_API_KEY: undefined, BOOTSTRAP_API_KEY_FILE: undefined };
  const { variables, problems } = readSecretFiles(withoutKey);
  if (problems.length > 0) throw new EnvironmentError(problems);
  readDatabaseUrl(variables);
  const isSet = (name: string): boolean => (variables[name] ?? '').trim() !== '';
  const hasTerra = isSet('TERRA_DEV_ID') && isSet('TERRA_API_KEY');
  const given = Object.fromEntries(Object.entries(variables).filter(([name]) => isSet(name)));
  // NotPlaceholder and IsSecretList must accept these values.
  const unusedValues = {
    PUBLIC_URL: 'http://localhost:3000',
    TERRA_SIGNING_SECRETS: 'unused-signing-secret-0123456789',
    ...(hasTerra ? {} : { TERRA_DEV_ID: 'not-set', TERRA_API_KEY: 'not-set' }),
  };
  const environment = readEnvironment({ ...unusedValues, ...given });
  return { environment, hasTerra };
}

function givenIn(source: Record<string, string | undefined>): Record<string, string | undefined> {
  const isSet = ([, value]: [string, string | undefined]): boolean => (value ?? '').trim() !== '';
  const given = Object.fromEntries(Object.entries(source).filter(isSet));
  for (const name of ALSO_IN_LOWER_CASE) {
    const lowerCase = given[name.toLowerCase()];
    if (lowerCase !== undefined) given[name] = lowerCase;
  }
  return given;
}

function weakSecretsOf(environment: Environment): string[] {
  const secrets = {
    apiKey: environment.TERRA_API_KEY,
    signingSecrets: environment.TERRA_SIGNING_SECRETS,
    bootstrapApiKey: environment.BOOTSTRAP_API_KEY,
    databasePassword: passwordsIn(environment.DATABASE_URL)[0],
  };
  return findWeakSecrets(secrets, {
    apiKey: 'TERRA_API_KEY',
    signingSecrets: 'TERRA_SIGNING_SECRETS',
    bootstrapApiKey: 'BOOTSTRAP_API_KEY',
    databasePassword: 'DATABASE_URL',
  });
}

function renamedAmong(names: string[]): string[] {
  const renamed = Object.entries(RENAMED_VARIABLES).filter(([from]) => names.includes(from));
  return renamed.map(([from, to]) => `${from} was renamed: set ${to} instead`);
}

function describe(error: ValidationError): string {
  const reason = Object.values(error.constraints ?? {})[0] ?? 'is malformed';
  return `${error.property} ${error.value === undefined && !reason.startsWith('is missing') ? `is missing: it ${reason}` : reason}`;
}
