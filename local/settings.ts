import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { readSecretFiles, SECRET_VARIABLES } from '../src/config/secret-files';
import { LauncherError } from './launcher-error';

type Variables = Record<string, string | undefined>;

const TERRA_CREDENTIALS = ['TERRA_DEV_ID', 'TERRA_API_KEY', 'TERRA_SIGNING_SECRETS'] as const;

export interface Settings {
  port: number;
  /** Where the service answers /health and /docs: its main port, unless MANAGEMENT_PORT is set. */
  managementPort: number;
  sandboxPort: number;
  sampleAppPort: number;
  /** Undefined: any free port. */
  postgresPort: number | undefined;
  dataDir: string;
  publicUrl: string;
  /** Whether other machines can reach the public URL: it does not name this one. */
  isPublic: boolean;
  /** Undefined: the launcher starts an embedded PostgreSQL. */
  databaseUrl: string | undefined;
  /** False: the launcher starts a sandbox in place of Terra. */
  hasTerraAccount: boolean;
  /** Undefined: the launcher generates a key and keeps it in the data folder. */
  apiKey: string | undefined;
  returnUrls: string | undefined;
}

/** Loads the file into the environment. Variables that are already set keep their value. */
export function loadEnvFile(file: string): void {
  if (!existsSync(file)) return;
  try {
    process.loadEnvFile(file);
  } catch (error) {
    throw new LauncherError(`Cannot read ${file}: ${(error as Error).message}`);
  }
}

/** Replaces the variables that name a file, like DATABASE_URL_FILE, by the content of the file. */
export function loadSecretFiles(): void {
  const { variables, problems } = readSecretFiles(process.env);
  if (problems.length > 0) throw new LauncherError(`${problems.join('\n')}.`);
  for (const name of SECRET_VARIABLES) {
    delete process.env[`${name}_FILE`];
    if (variables[name] !== undefined) process.env[name] = variables[name];
  }
}

// An empty variable counts as not set, because .env.example lists variables without a value.
const reader = (variables: Variables) => (name: string) => variables[name]?.trim() || undefined;

export function sandboxPortFrom(variables: Variables): number {
  return portFrom(reader(variables), 'SANDBOX_PORT', 3001);
}

/** @throws LauncherError when a variable has a wrong value, and in production */
export function readSettings(variables: Variables): Settings {
  assertNotProduction(variables);
  const get = reader(variables);
  const port = portFrom(get, 'PORT', 3000);
  const publicUrl = (get('PUBLIC_URL') ?? `http://localhost:${port}`).replace(/(?<!\/)\/+$/, '');
  const settings = {
    port,
    managementPort: portFrom(get, 'MANAGEMENT_PORT', port),
    sandboxPort: sandboxPortFrom(variables),
    sampleAppPort: portFrom(get, 'SAMPLE_APP_PORT', 3002),
    postgresPort: get('POSTGRES_PORT') ? portFrom(get, 'POSTGRES_PORT', 0) : undefined,
    dataDir: resolve(get('DATA_DIR') ?? '.data'),
    publicUrl,
    isPublic: !/^https?:\/\/(localhost|[^/]*\.localhost|127\.[\d.]+|\[::1\])([:/]|$)/i.test(publicUrl),
    databaseUrl: get('DATABASE_URL'),
    hasTerraAccount: hasTerraAccount(get),
    apiKey: get('BOOTSTRAP_API_KEY'),
    returnUrls: get('RETURN_URLS'),
  };
  assertPortsDiffer(settings);
  return settings;
}

function portFrom(get: (name: string) => string | undefined, name: string, fallback: number): number {
  const text = get(name);
  if (text === undefined) return fallback;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new LauncherError(`${name} must be a port number from 1 to 65535.`);
  return port;
}

function hasTerraAccount(get: (name: string) => string | undefined): boolean {
  const missing = TERRA_CREDENTIALS.filter((name) => get(name) === undefined);
  if (missing.length > 0 && missing.length < TERRA_CREDENTIALS.length) {
    throw new LauncherError(
      `Not set: ${missing.join(' and ')}. Set all of ${TERRA_CREDENTIALS.join(', ')} to use your Terra account, or none of them to use the sandbox.`,
    );
  }
  return missing.length === 0;
}

function assertPortsDiffer(settings: Settings): void {
  const names = new Map<number, string>();
  const ports: [string, number | undefined][] = [
    ['PORT', settings.port],
    ['MANAGEMENT_PORT', settings.managementPort === settings.port ? undefined : settings.managementPort],
    ['SANDBOX_PORT', settings.hasTerraAccount ? undefined : settings.sandboxPort],
    ['SAMPLE_APP_PORT', settings.sampleAppPort],
    ['POSTGRES_PORT', settings.databaseUrl ? undefined : settings.postgresPort],
  ];
  for (const [name, port] of ports) {
    if (port === undefined) continue;
    const other = names.get(port);
    if (other)
      throw new LauncherError(`${other} and ${name} are both ${port}. Set one of them to another port.`);
    names.set(port, name);
  }
}

// T-20: the launcher starts the sandbox, which accepts every end user, and a sample app that has an admin key.
function assertNotProduction(variables: Variables): void {
  if (variables.NODE_ENV?.trim() !== 'production') return;
  throw new LauncherError(
    'NODE_ENV is production, but "npm start" is for development: it plays Terra and prints an admin key. Run "npm run start:prod" in production, or unset NODE_ENV.',
  );
}
