import { getMetadataStorage } from 'class-validator';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Environment, readEnvironment } from '../src/config';
import { describeEndpointUrlProblem } from '../src/outbound';

const read = (name: string): string => readFileSync(join(__dirname, '..', name), 'utf8');

/** The variables that the service reads. Each has a validator. */
const known = [
  ...new Set(
    getMetadataStorage()
      .getTargetValidationMetadatas(Environment, '', false, false)
      .map(({ propertyName }) => propertyName),
  ),
].sort();

describe('.env.example', () => {
  const [serviceSection = '', launcherSection = ''] = read('.env.example').split(
    '# ---- Only for "npm start"',
  );
  const assignments = (text: string): Record<string, string> =>
    Object.fromEntries(
      [...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
    );

  it('has every variable that the service reads, and no other', () => {
    expect(Object.keys(assignments(serviceSection)).sort()).toEqual(known);
  });

  it("has the launcher's own variables in a separate section", () => {
    expect(Object.keys(assignments(launcherSection))).toEqual([
      'SANDBOX_PORT',
      'SAMPLE_APP_PORT',
      'POSTGRES_PORT',
    ]);
  });

  it('shows the actual default values', () => {
    const required = {
      PUBLIC_URL: 'https://connect.example.com',
      DATABASE_URL: 'postgres://db/terra',
      TERRA_DEV_ID: 'dev-id',
      TERRA_API_KEY: 'api-key',
      TERRA_SIGNING_SECRETS: 'signing-secret',
    };
    const shown = { ...assignments(serviceSection), ...required };
    expect(readEnvironment(shown)).toEqual(readEnvironment(required));
    const withDefault = Object.entries(readEnvironment(required)).filter(
      ([name, value]) => !(name in required) && value !== undefined && String(value) !== '',
    );
    for (const [name, value] of withDefault)
      expect({ name, shown: shown[name as never] }).toEqual({ name, shown: String(value) });
  });

  it('explains every variable', () => {
    const blocks = `${serviceSection}\n${launcherSection}`
      .split('\n\n')
      .filter((block) => /^[A-Z_]+=/m.test(block));
    expect(blocks.filter((block) => !block.trimStart().startsWith('# '))).toEqual([]);
  });
});

describe('docker-compose.yml', () => {
  const text = read('docker-compose.yml');
  const environmentOf = (service: string): Record<string, string> => {
    const block = new RegExp(`^  ${service}:\\n((?: {4}.*\\n|\\n)+)`, 'm').exec(text)?.[1] ?? '';
    const lines = /^ {4}environment:\n((?: {6}.*\n)+)/m.exec(block)?.[1] ?? '';
    return Object.fromEntries(
      [...lines.matchAll(/^ {6}([A-Z_]+): '?([^'\n]*)'?$/gm)].map(([, name = '', value = '']) => [
        name,
        value,
      ]),
    );
  };

  it('gives the service all of its variables, with valid values', () => {
    const given = environmentOf('service');
    // Only the launcher uses the data folder; the service writes no files.
    expect([...Object.keys(given), 'DATA_DIR'].sort()).toEqual(known);
    expect(() => readEnvironment(given)).not.toThrow();
  });

  it('gives the sandbox, the sample app, the migration and the service the same secrets, marked as dev-only', () => {
    const services = ['service', 'sandbox', 'sample-app', 'migrate'];
    const [service, sandbox, sampleApp, migrate] = services.map(environmentOf);
    expect(migrate).toEqual({ DATABASE_URL: service?.DATABASE_URL });
    for (const name of ['TERRA_DEV_ID', 'TERRA_API_KEY', 'TERRA_SIGNING_SECRETS']) {
      expect(sandbox?.[name]).toBe(service?.[name]);
      expect(service?.[name]).toMatch(/^dev-only-/);
    }
    expect(sampleApp?.API_KEY).toBe(service?.BOOTSTRAP_API_KEY);
    expect(sampleApp?.API_KEY).toMatch(/^dev-only-/);
    expect(service?.RETURN_URLS).toBe(`${sampleApp?.SAMPLE_APP_PUBLIC_URL}/`);
  });

  it('lets the service send events to the sample app', () => {
    const { SAMPLE_APP_WEBHOOK_ORIGIN = '', SAMPLE_APP_PORT } = environmentOf('sample-app');
    expect(SAMPLE_APP_WEBHOOK_ORIGIN).toBe(`http://sample-app:${SAMPLE_APP_PORT}`);
    const allowPrivateNetworks = environmentOf('service').OUTBOUND_ALLOW_PRIVATE === 'true';
    expect(
      describeEndpointUrlProblem(`${SAMPLE_APP_WEBHOOK_ORIGIN}/hooks`, { allowPrivateNetworks }),
    ).toBeNull();
  });
});

describe('T-20: a secret that this repository shows', () => {
  const FILES_TO_COPY_FROM = [
    'docker-compose.yml',
    '.env.example',
    'README.md',
    'CONTRIBUTING.md',
    'docs/embedding.md',
    'sandbox/main.ts',
    'test/support/app.ts',
    'test/support/sandbox.ts',
    'test/stage/service-process.ts',
  ];
  /** How these files write a secret. A dev-id is no secret. */
  const SECRET =
    /(?:(?:API_KEY|ADMIN_KEY|SIGNING_SECRETS?|PASSWORD|apiKey|signingSecret)(?:=|: | = )'?|postgres:\/\/\w+:|\|\| '(?=sandbox-(?!dev-id)))([a-z0-9][\w-]{7,})(?=['\s@,])/g;
  const published = FILES_TO_COPY_FROM.flatMap((file) =>
    [...read(file).matchAll(SECRET)].map(([, value = '']) => value),
  );

  it('is found in the examples, in the sandbox and in the tests', () => {
    expect([...new Set(published)].sort()).toEqual([
      '5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e7',
      'c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7c0ffee5ec2e7',
      'dev-only-admin-api-key',
      'dev-only-database-password',
      'dev-only-terra-api-key',
      'dev-only-terra-signing-secret',
      'sandbox-api-key',
      'sandbox-key-4f9d2c7b1e8a6053f1c2',
      'sandbox-signing-secret',
      'stage-key-90b1d3c5e7f9a2b4c6d8',
      'tc_stage_bootstrap_key_0123456789',
      'tc_test_bootstrap_key_0123456789',
    ]);
  });

  it.each([...new Set(published)])('does not start the service in production: %s', (secret) => {
    const own = {
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://connect.example.com',
      DATABASE_URL: 'postgres://service:8a1f0c2e@db/terra',
      TERRA_DEV_ID: 'real-production-77aa01bc',
      TERRA_API_KEY: '0b7c1e5f9d3a48627c5e1b0f',
      TERRA_SIGNING_SECRETS: '6f1d2c3b4a5968778695a4b3c2d1e0f0',
      BOOTSTRAP_API_KEY: 'tc_9f8e7d6c5b4a39281706',
    };
    expect(() => readEnvironment(own)).not.toThrow();
    for (const name of ['TERRA_API_KEY', 'TERRA_SIGNING_SECRETS', 'BOOTSTRAP_API_KEY'] as const)
      expect(() => readEnvironment({ ...own, [name]: secret })).toThrow(`${name} `);
    const withPassword = { ...own, DATABASE_URL: `postgres://service:${secret}@db/terra` };
    expect(() => readEnvironment(withPassword)).toThrow('DATABASE_URL has a value from the examples');
  });
});
