import { getMetadataStorage } from 'class-validator';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Environment, readEnvironment } from '../src/config';

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
});
