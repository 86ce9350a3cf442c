import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf } from './support/flow';
import { reconciledState, linkEndUsers, withWebhooksLost } from './support/reconciliation';
import { TEST_CREDENTIALS } from './support/sandbox';

const root = join(__dirname, '..');
// Each step starts a process, which is slow on a machine that runs other tests.
jest.setTimeout(90_000);

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

describe('The reconciliation commands', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());
  beforeEach(() => service.sandbox.reset());

  const cli = async (...args: string[]): Promise<Result> => {
    const env = {
      PATH: process.env.PATH ?? '',
      PUBLIC_URL: service.url,
      DATABASE_URL: service.databaseUrl,
      TERRA_DEV_ID: TEST_CREDENTIALS.devId,
      TERRA_API_KEY: TEST_CREDENTIALS.apiKey,
      TERRA_SIGNING_SECRETS: TEST_CREDENTIALS.signingSecret,
      TERRA_API_URL: service.sandbox.apiUrl,
      TERRA_WIDGET_URL: service.sandbox.widgetUrl,
    };
    const options = { cwd: root, env, timeout: 60_000 };
    try {
      return {
        code: 0,
        ...(await promisify(execFile)(process.execPath, ['dist/src/cli.js', ...args], options)),
      };
    } catch (error) {
      return error as Result;
    }
  };

  // First, while the service knows no connection: if all its connections are missing, a sweep adopts nothing.
  it('sweep --adopt shows the unknown Terra users, and connects them only after a confirmation', async () => {
    withWebhooksLost(service, () => {
      for (let n = 0; n < 12; n += 1)
        service.sandbox.account.connect({ provider: 'OURA', referenceId: `earlier-${n}` });
    });
    const awaiting = await cli('sweep');
    expect(awaiting).toMatchObject({ code: 3 });
    expect(awaiting.stdout).toContain('terra-connect sweep --adopt');
    const before = await reconciledState(service);

    const unconfirmed = await cli('sweep', '--adopt');
    expect(unconfirmed.code).toBe(1);
    expect(unconfirmed.stdout).toMatch(/^ {2}link: 12$/m);
    expect(unconfirmed.stderr).toContain('This connects 12 Terra users');
    expect(unconfirmed.stderr).toContain('add --yes to go on');
    expect(await reconciledState(service)).toEqual(before);

    expect(await cli('sweep', '--adopt', '--yes')).toMatchObject({ code: 0 });
    expect(await connectionsOf(service, 'earlier-11')).toMatchObject([{ status: 'active' }]);
  });

  it('accept-owner gives an account to the end user that Terra names, and needs a reason', async () => {
    const [user] = await linkEndUsers(service, 1);
    const [connection] = await connectionsOf(service, user?.referenceId ?? '');
    if (user) user.referenceId = 'corrected';
    const id = connection?.id ?? '';
    expect(await cli('accept-owner', id)).toMatchObject({ code: 2 });
    expect(await cli('accept-owner', id, '--reason', 'why', '--reference-id', 'another')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Terra names another end user') as unknown,
    });
    expect(await cli('accept-owner', id, '--reason', 'why')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^connection \S+ of corrected: active\n$/) as unknown,
    });
    expect(await connectionsOf(service, 'corrected')).toMatchObject([{ status: 'active' }]);
  });

  it('reconcile corrects one end user, and prints the corrections', async () => {
    const { userId } = withWebhooksLost(service, () =>
      service.sandbox.account.connect({ provider: 'OURA', referenceId: 'user 1' }),
    );
    expect(await cli('reconcile', 'user 1')).toMatchObject({
      code: 0,
      stdout: `user 1: corrected; Terra users under this reference: 1\nACTION  TERRA USER\nlink    ${userId}\n`,
    });
    expect(await connectionsOf(service, 'user 1')).toMatchObject([{ terraUserId: userId }]);
    const { stdout } = await cli('reconcile', 'user 1', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ conclusion: 'no_difference', changes: [] });
    expect(await cli('reconcile', 'null')).toMatchObject({
      code: 2,
      stderr: 'terra-connect: The reference id must not be the text "null" or "undefined".\n',
    });
  });

  it('sweep prints its corrections in a dry run, awaits approval with exit code 3, and continues with --force', async () => {
    await linkEndUsers(service, 12);
    service.sandbox.account.users.clear();
    withWebhooksLost(service, () =>
      service.sandbox.account.connect({ provider: 'OURA', referenceId: 'orphan' }),
    );
    const before = await reconciledState(service);

    const dry = await cli('sweep', '--dry-run');
    expect(dry.code).toBe(0);
    expect(dry.stdout).toContain('completed (dry run: nothing was changed)');
    expect(dry.stdout).toMatch(/^ {2}link: 1$/m);
    expect(dry.stdout).toMatch(/^link +[0-9a-f-]{36} +orphan +-$/m);

    const awaiting = await cli('sweep');
    expect(awaiting.code).toBe(3);
    expect(awaiting.stdout).toContain('terra-connect sweep --force');
    expect(awaiting.stderr).toContain('sweep.awaiting_approval');
    expect(await reconciledState(service)).toEqual(before);

    expect(await cli('sweep', '--force')).toMatchObject({ code: 0 });
    expect(await connectionsOf(service, 'orphan')).toMatchObject([{ status: 'active' }]);
  });

  it('sweep with wrong credentials fails with exit code 1, names the cause, and changes nothing', async () => {
    await linkEndUsers(service, 2);
    const before = await reconciledState(service);
    service.sandbox.behaviour.rejectCredentials = true;
    const { code, stdout, stderr } = await cli('sweep');
    expect(code).toBe(1);
    expect(stdout).toContain('terra.bad_credentials');
    expect(stderr).toContain('TERRA_API_KEY');
    expect(await reconciledState(service)).toEqual(before);
  });

  it('sweep names the variables that are missing', async () => {
    const { stderr, code } = await (async (): Promise<Result> => {
      try {
        const env = { PATH: process.env.PATH ?? '' };
        const run = promisify(execFile)(process.execPath, ['dist/src/cli.js', 'sweep'], { cwd: root, env });
        return { code: 0, ...(await run) };
      } catch (error) {
        return error as Result;
      }
    })();
    expect(code).toBe(1);
    expect(stderr).toContain('TERRA_DEV_ID is missing');
  });
});
