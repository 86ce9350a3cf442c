import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startTestApp, type TestApp } from './support/app';
import { newReference, stateOf } from './support/flow';
import { TEST_CREDENTIALS } from './support/sandbox';

jest.setTimeout(90_000);

describe('terra-connect doctor', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  const doctor = async (args: string[], env: Record<string, string> = {}): Promise<string> => {
    const cwd = join(__dirname, '..');
    const all = { PATH: process.env.PATH ?? '', DATABASE_URL: service.databaseUrl, ...env };
    const command = ['dist/src/cli.js', 'doctor', ...args];
    return (await promisify(execFile)(process.execPath, command, { cwd, env: all })).stdout;
  };

  it('prints its conclusion first, with and without the variables of Terra, and changes nothing', async () => {
    const { referenceId } = await service.sandbox.play('lost-webhook', { referenceId: newReference() });
    const before = await stateOf(service);
    const withTerra = await doctor([referenceId], {
      TERRA_DEV_ID: TEST_CREDENTIALS.devId,
      TERRA_API_KEY: TEST_CREDENTIALS.apiKey,
      TERRA_API_URL: service.sandbox.apiUrl,
    });
    expect(withTerra.split('\n')[2]).toMatch(/^\[only_at_terra\]/);
    expect(withTerra).not.toContain(TEST_CREDENTIALS.apiKey);
    const without = await doctor([referenceId]);
    expect(without).toContain('[unknown_end_user]');
    expect(without).toContain('was not asked');
    expect(JSON.parse(await doctor([referenceId, '--json']))).toMatchObject({ referenceId, healthy: false });
    expect(await stateOf(service)).toEqual(before);
  });

  it('rejects an invalid reference', async () => {
    await expect(doctor(['null'])).rejects.toMatchObject({
      code: 1,
      stderr: 'terra-connect: The reference id must not be the text "null" or "undefined".\n',
    });
  });
});
