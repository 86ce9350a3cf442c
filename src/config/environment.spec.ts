import { EnvironmentError, readEnvironment } from './environment';
import { toNamespaces } from './namespaces';
import { secretsOf } from './secrets';

const complete = {
  PUBLIC_URL: 'https://connect.example.com/',
  DATABASE_URL: 'postgres://user:pass-7c1@db:5432/terra',
  TERRA_DEV_ID: 'acme-production-1',
  TERRA_API_KEY: 'key-5b2e',
  TERRA_SIGNING_SECRETS: 'secret-one-1, secret-two-2',
};

function problemsOf(source: Record<string, string | undefined>): string[] {
  try {
    readEnvironment(source);
    return [];
  } catch (error) {
    if (error instanceof EnvironmentError) return error.problems;
    throw error;
  }
}

describe('the environment', () => {
  it('has the documented defaults', () => {
    expect(readEnvironment(complete)).toMatchObject({
      PORT: 3000,
      DATA_DIR: '.data',
      PUBLIC_URL: 'https://connect.example.com',
      TERRA_API_URL: 'https://access.tryterra.co/api/v2',
      TERRA_WIDGET_URL: 'https://access.tryterra.co/api/widget/session',
      TERRA_WIDGET_GENERATION: 'auto',
      TERRA_SIGNATURE_TOLERANCE_SECONDS: 300,
      TERRA_SIGNING_SECRETS: ['secret-one-1', 'secret-two-2'],
      RETURN_URLS: [],
      WORKERS_ENABLED: true,
      LOG_LEVEL: 'info',
    });
  });

  it('names every missing variable in one error', () => {
    expect(problemsOf({}).map((problem) => problem.split(' ')[0])).toEqual([
      'PUBLIC_URL',
      'DATABASE_URL',
      'TERRA_DEV_ID',
      'TERRA_API_KEY',
      'TERRA_SIGNING_SECRETS',
    ]);
  });

  it('rejects the old name of a renamed variable and names the new one', () => {
    expect(problemsOf({ ...complete, RETENTION_LEDGER_DAYS: '30', SWEEP_BRAKE_SHARE: '' })).toEqual([
      'RETENTION_LEDGER_DAYS was renamed: set RETENTION_DEAUTHENTICATIONS_DAYS instead',
    ]);
  });

  it('treats an empty variable as not set', () => {
    expect(problemsOf({ ...complete, TERRA_API_KEY: ' ' })).toHaveLength(1);
    expect(readEnvironment({ ...complete, PORT: '' }).PORT).toBe(3000);
  });

  it.each([
    ['PORT', '80a'],
    ['PORT', '70000'],
    ['PUBLIC_URL', 'http://connect.example.com'],
    ['PUBLIC_URL', 'connect.example.com'],
    ['DATABASE_URL', 'mysql://pass-7c1@db/terra'],
    ['TERRA_DEV_ID', '<your dev id>'],
    ['TERRA_API_KEY', 'change-me'],
    ['TERRA_SIGNING_SECRETS', 'short'],
    ['TERRA_SIGNING_SECRETS', 'good-enough-1,tiny-2'],
    ['TERRA_API_URL', 'access.tryterra.co'],
    ['TERRA_WIDGET_GENERATION', 'newest'],
    ['TERRA_SIGNATURE_TOLERANCE_SECONDS', '-5'],
    ['RETURN_URLS', 'https://app.example.com,javascript://x'],
    ['RETURN_URLS', 'http://app.example.com/'],
    ['BOOTSTRAP_API_KEY', 'too-short'],
    ['WORKERS_ENABLED', 'yes'],
    ['BODY_BUDGET_MB', '15'],
    ['MAX_CONNECTIONS', '1000001'],
    ['MAX_CONNECTIONS_PER_ADDRESS', '-1'],
    ['KEEP_ALIVE_SECONDS', '3601'],
    ['LOG_LEVEL', 'loud'],
  ])('rejects %s=%s and does not print the value', (name, value) => {
    const [problem, ...others] = problemsOf({ ...complete, [name]: value });
    expect(others).toEqual([]);
    expect(problem).toMatch(new RegExp(`^${name} `));
    expect(problem).not.toContain(value);
  });

  it('never prints a secret when a variable is wrong', () => {
    const secrets = {
      ...complete,
      DATABASE_URL: 'pg:pass-7c1',
      TERRA_SIGNING_SECRETS: 's3cret',
      BOOTSTRAP_API_KEY: 'tc_k3y',
    };
    const message = problemsOf(secrets).join('\n');
    for (const secret of ['pass-7c1', 's3cret', 'tc_k3y']) expect(message).not.toContain(secret);
  });

  it('reads "false" as false', () => {
    expect(readEnvironment({ ...complete, WORKERS_ENABLED: 'false' }).WORKERS_ENABLED).toBe(false);
  });

  it('names the secrets that the log must not contain', () => {
    const DATABASE_URL = 'postgres://user:p%40ss-7c1@db/terra';
    const BOOTSTRAP_API_KEY = 'tc_bootstrap-0123456789';
    expect(secretsOf(readEnvironment({ ...complete, DATABASE_URL, BOOTSTRAP_API_KEY })).sort()).toEqual(
      ['key-5b2e', 'secret-one-1', 'secret-two-2', BOOTSTRAP_API_KEY, 'p%40ss-7c1', 'p@ss-7c1'].sort(),
    );
  });

  it('becomes typed namespaces', () => {
    const { app, database, terraConnect } = toNamespaces(readEnvironment(complete));
    expect(app).toEqual({
      port: 3000,
      logLevel: 'info',
      connections: { max: 2_000, maxPerAddress: 0, keepAliveSeconds: 75 },
    });
    expect(database.url).toBe(complete.DATABASE_URL);
    expect(terraConnect.terra.widgetGeneration).toBe('auto');
  });
});
