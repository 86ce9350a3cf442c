import { COMPLETE_ENVIRONMENT as complete, problemsOf } from '../../test/support/environment';
import { readEnvironment } from './environment';
import { toNamespaces } from './namespaces';
import { secretsOf } from './secrets';

describe('the environment', () => {
  it('has the documented defaults', () => {
    expect(readEnvironment(complete)).toMatchObject({
      PORT: 3000,
      LISTEN_ADDRESS: '::',
      SHUTDOWN_DRAIN_SECONDS: 10,
      DATA_DIR: '.data',
      PUBLIC_URL: 'https://connect.example.com',
      TERRA_API_URL: 'https://access.tryterra.co/api/v2',
      TERRA_WIDGET_URL: 'https://access.tryterra.co/api/widget/session',
      TERRA_WIDGET_GENERATION: 'auto',
      TERRA_SIGNATURE_TOLERANCE_SECONDS: 300,
      TERRA_SIGNING_SECRETS: ['secret-one-1', 'secret-two-2'],
      RETURN_URLS: [],
      TRUSTED_PROXIES: [],
      RATE_LIMIT_CLIENT_PER_MINUTE: 600,
      RATE_LIMIT_END_USER_PER_HOUR: 60,
      RATE_LIMIT_ADDRESS_PER_MINUTE: 600,
      RATE_LIMIT_REFUSED_KEYS_PER_MINUTE: 60,
      RATE_LIMIT_REFUSED_WEBHOOKS_PER_MINUTE: 600,
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
    ['LISTEN_ADDRESS', 'localhost:3000'],
    ['SHUTDOWN_DRAIN_SECONDS', '10s'],
    ['MANAGEMENT_PORT', '70000'],
    ['RATE_LIMIT_CLIENT_PER_MINUTE', '-1'],
    ['RATE_LIMIT_END_USER_PER_HOUR', '1001'],
    ['TRUSTED_PROXIES', '2'],
    ['TRUSTED_PROXIES', 'true'],
    ['TRUSTED_PROXIES', '0.0.0.0/0'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', '10.0.0.0/8/8'],
    ['TRUSTED_PROXIES', 'loopback,proxy.internal'],
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
    ['TERRA_CIRCUIT_FAILURES', '-1'],
    ['OUTBOUND_ALLOW_PRIVATE', 'no'],
    ['PAYLOAD_POINTERS', 'maybe'],
    ['PAYLOAD_POINTER_HOSTS', 'https://bucket.example.com'],
    ['HTTPS_PROXY', 'proxy.internal:3128'],
    ['HTTP_PROXY', 'socks5://user:pass-7c1@proxy'],
    ['RETURN_URLS', 'https://app.example.com,javascript://x'],
    ['RETURN_URLS', 'http://app.example.com/'],
    ['RETURN_URLS', 'https://app.example.com/*'],
    ['BOOTSTRAP_API_KEY', 'too-short'],
    ['API_KEY_CACHE_SECONDS', '301'],
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

  it('T-18: does not allow calls to private addresses unless it says so', () => {
    const allowed = (variables: Record<string, string>): unknown =>
      toNamespaces(readEnvironment({ ...complete, ...variables })).terraConnect.outbound;
    expect(allowed({})).toEqual({ allowPrivateNetworks: false });
    expect(allowed({ OUTBOUND_ALLOW_PRIVATE: 'true' })).toEqual({ allowPrivateNetworks: true });
  });

  describe('T-18: hosts from which payloads are fetched', () => {
    const problems = (hosts: string): string[] =>
      problemsOf({ ...complete, PAYLOAD_POINTERS: 'fetch', PAYLOAD_POINTER_HOSTS: hosts });

    it('must be named', () => {
      expect(problems('')).toEqual([expect.stringMatching(/^PAYLOAD_POINTER_HOSTS must list the hosts/)]);
    });

    it.each([
      ...['com', 'co.uk', 'amazonaws.com', '.amazonaws.com', 'AmazonAWS.com', 'googleapis.com', 'intranet'],
      ...['127.0.0.1', '2001:db8::1', '10.1', '*.example.com', 'a.example.com/x', 'a.example.com:443', 'a b'],
    ])('must not be %s', (host) => {
      expect(problems(`bucket.example.com,${host}`)).toEqual([
        expect.stringMatching(/^PAYLOAD_POINTER_HOSTS entry 2 (?:must be the name|is too wide)/),
      ]);
    });

    it.each(['bucket.s3.eu-west-2.amazonaws.com', '.payloads.example.com,localhost'])(
      'may be %s',
      (hosts) => {
        expect(problems(hosts)).toEqual([]);
      },
    );
  });

  it('reads the proxies as a list of networks', () => {
    const TRUSTED_PROXIES = 'loopback, 10.0.0.0/8,2001:db8::/32,192.0.2.1';
    expect(readEnvironment({ ...complete, TRUSTED_PROXIES }).TRUSTED_PROXIES).toEqual([
      'loopback',
      '10.0.0.0/8',
      '2001:db8::/32',
      '192.0.2.1',
    ]);
  });

  describe('T-20: in production', () => {
    const production = {
      ...complete,
      NODE_ENV: 'production',
      TERRA_SIGNING_SECRETS: '6f1d2c3b4a5968778695a4b3c2d1e0f0',
    };

    it('accepts secrets of its own, and elsewhere also the secrets of the examples', () => {
      expect(problemsOf(production)).toEqual([]);
      expect(problemsOf({ ...complete, TERRA_API_KEY: 'dev-only-terra-api-key' })).toEqual([]);
      expect(problemsOf({ ...production, NODE_ENV: 'staging', TERRA_SIGNING_SECRETS: '12345678' })).toEqual(
        [],
      );
    });

    it.each([
      ['TERRA_API_KEY', 'dev-only-terra-api-key'],
      ['TERRA_SIGNING_SECRETS', 'dev-only-terra-signing-secret'],
      ['TERRA_SIGNING_SECRETS', '6f1d2c3b4a5968778695a4b3c2d1e0f0,dev-only-terra-signing-secret'],
      ['TERRA_SIGNING_SECRETS', '12345678'],
      ['TERRA_SIGNING_SECRETS', '6f1d2c3b4a5968778695a4b3c2d1e0f0,12345678'],
      ['BOOTSTRAP_API_KEY', 'dev-only-admin-api-key'],
      ['DATABASE_URL', 'postgres://terra_connect:dev-only-database-password@db:5432/terra'],
    ])('rejects %s=%s, which anyone can read or guess, and does not print it', (name, value) => {
      const [problem, ...others] = problemsOf({ ...production, [name]: value });
      expect(others).toEqual([]);
      expect(problem).toMatch(new RegExp(`^${name} has a `));
      expect(problem).not.toContain(value);
    });
  });

  it('T-04: lists return URLs in a local network, but not in production', () => {
    const local = { ...complete, RETURN_URLS: 'https://app.example.com/,http://192.168.1.20:3000/' };
    expect(problemsOf(local)).toEqual([]);
    const secret = { TERRA_SIGNING_SECRETS: '6f1d2c3b4a5968778695a4b3c2d1e0f0' };
    expect(problemsOf({ ...local, ...secret, NODE_ENV: 'production' })).toEqual([
      expect.stringMatching(/^RETURN_URLS entry 2 is an address of a local network/),
    ]);
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
    const HTTPS_PROXY = 'http://user:proxy-7c1@proxy:3128';
    const environment = readEnvironment({ ...complete, DATABASE_URL, BOOTSTRAP_API_KEY, HTTPS_PROXY });
    expect([...new Set(secretsOf(environment))].sort()).toEqual(
      [
        'key-5b2e',
        'secret-one-1',
        'secret-two-2',
        BOOTSTRAP_API_KEY,
        'p%40ss-7c1',
        'p@ss-7c1',
        'proxy-7c1',
      ].sort(),
    );
  });

  it('reads the proxies in either case, and prefers lower case', () => {
    const upper = { HTTPS_PROXY: 'http://upper:1', HTTP_PROXY: 'http://upper:2', NO_PROXY: 'upper' };
    const lower = { https_proxy: 'http://lower:1', http_proxy: 'http://lower:2', no_proxy: 'lower' };
    const outgoing = (source: object): unknown =>
      toNamespaces(readEnvironment({ ...complete, ...source })).terraConnect.outgoing;
    const circuitFailures = 10;
    expect(outgoing({})).toEqual({ circuitFailures, httpsProxy: '', httpProxy: '', noProxy: '' });
    const inUpper = { httpsProxy: 'http://upper:1', httpProxy: 'http://upper:2', noProxy: 'upper' };
    expect(outgoing(upper)).toEqual({ circuitFailures, ...inUpper });
    const inLower = { httpsProxy: 'http://lower:1', httpProxy: 'http://lower:2', noProxy: 'lower' };
    expect(outgoing({ ...upper, ...lower })).toEqual({ circuitFailures, ...inLower });
    expect(outgoing({ ...upper, https_proxy: '', http_proxy: ' ', no_proxy: '' })).toEqual({
      circuitFailures,
      ...inUpper,
    });
  });

  it('becomes typed namespaces', () => {
    const { app, database, terraConnect } = toNamespaces(readEnvironment(complete));
    expect(app).toEqual({
      port: 3000,
      listenAddress: '::',
      shutdownDrainSeconds: 10,
      managementPort: undefined,
      trustedProxies: [],
      logLevel: 'info',
      connections: { max: 2_000, maxPerAddress: 0, keepAliveSeconds: 75 },
    });
    expect(database.url).toBe(complete.DATABASE_URL);
    expect(terraConnect.terra.widgetGeneration).toBe('auto');
  });
});
