import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startTestApp, type TestApp } from './support/app';
import { newReference, stateOf } from './support/flow';
import { TEST_CREDENTIALS } from './support/sandbox';
import { appendEvent } from './support/webhook-receiver';

jest.setTimeout(90_000);

describe('terra-connect doctor', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  const run = async (
    args: string[],
    env: Record<string, string> = {},
  ): Promise<{ stdout: string; stderr: string }> => {
    const cwd = join(__dirname, '..');
    const all = { PATH: process.env.PATH ?? '', DATABASE_URL: service.databaseUrl, ...env };
    const command = ['dist/src/cli.js', 'doctor', ...args];
    return promisify(execFile)(process.execPath, command, { cwd, env: all });
  };
  const doctor = async (args: string[], env?: Record<string, string>): Promise<string> =>
    (await run(args, env)).stdout;
  const terra = (): Record<string, string> => ({
    TERRA_DEV_ID: TEST_CREDENTIALS.devId,
    TERRA_API_KEY: TEST_CREDENTIALS.apiKey,
    TERRA_API_URL: service.sandbox.apiUrl,
  });

  it('prints its conclusion first, with and without the variables of Terra, and changes nothing', async () => {
    const { referenceId } = await service.sandbox.play('lost-webhook', { referenceId: newReference() });
    const before = await stateOf(service);
    const withTerra = await doctor([referenceId], terra());
    expect(withTerra.split('\n').slice(2, 4)).toEqual([
      expect.stringMatching(/^Cause: .*connected GARMIN at Terra.*\[only_at_terra\]$/),
      expect.stringMatching(/^What to do: /),
    ]);
    expect(withTerra).not.toContain(TEST_CREDENTIALS.apiKey);
    expect(withTerra).toMatch(/^Health data:\n {2}unknown: No health data has arrived here/m);
    const without = await doctor([referenceId]);
    expect(without).toMatch(/^Health data:\n {2}unknown: /m);
    expect(without).toContain('[unknown_end_user]');
    expect(without).toContain('What to do: Set TERRA_DEV_ID and TERRA_API_KEY');
    expect(without).toContain('was not asked');
    expect(JSON.parse(await doctor([referenceId, '--json']))).toMatchObject({ referenceId, healthy: false });
    expect(await stateOf(service)).toEqual(before);
  });

  it('prints the events about the end user, and their deliveries', async () => {
    const referenceId = newReference();
    const [{ id } = { id: '' }] = await service.query<{ id: string }>(
      `INSERT INTO terra_connect.event_endpoints (id, url, types, enabled, secret, created_at, updated_at)
        VALUES (gen_random_uuid(), 'https://receiver.example/path', '{connection.*}', true, 'whsec_', now(), now()) RETURNING id`,
    );
    await appendEvent(service, referenceId);
    expect(await doctor([referenceId])).toContain(
      `  to ${id} (https://receiver.example): pending, attempts: 0, next at `,
    );
  });

  it('prints no log line above its text, whatever Terra answers', async () => {
    expect(await run([newReference()], terra())).toMatchObject({ stderr: '' });
    service.sandbox.behaviour.down = true;
    const { stdout, stderr } = await run([newReference()], terra());
    service.sandbox.reset();
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^Cause: .*\[terra_unreachable\]$/m);
  });

  it('rejects an invalid reference', async () => {
    await expect(doctor(['null'])).rejects.toMatchObject({
      code: 2,
      stderr: 'terra-connect: The reference id must not be the text "null" or "undefined".\n',
    });
  });
});
