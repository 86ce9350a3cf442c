import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFreePort } from '../local/ports';
import { SCENARIOS, type Sandbox } from '../sandbox';
import { startTestSandbox, startWebhookReceiver } from './support/sandbox';

const root = join(__dirname, '..');
// The first run may have to build.
jest.setTimeout(60_000);

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

describe('npm run scenario', () => {
  let sandbox: Sandbox;
  let port: string;

  beforeAll(async () => {
    sandbox = await startTestSandbox();
    port = new URL(sandbox.url).port;
  });
  afterEach(() => sandbox.reset());
  afterAll(() => sandbox.close());

  const run = async (args: string[], env: Record<string, string> = {}): Promise<Result> => {
    // A developer's `.env` does not reach the test.
    const options = { cwd: root, env: { PATH: process.env.PATH ?? '', SANDBOX_PORT: port, ...env } };
    const command = ['local/bootstrap.cjs', 'scenario', ...args];
    try {
      return { code: 0, ...(await promisify(execFile)(process.execPath, command, options)) };
    } catch (error) {
      return error as Result;
    }
  };

  it('lists every scenario with its meaning when none is named, and needs no sandbox', async () => {
    const unusedPort = { SANDBOX_PORT: String(await findFreePort()) };
    for (const args of [[], ['--list'], ['--help']]) {
      const { code, stdout, stderr } = await run(args, unusedPort);
      expect([code, stderr]).toEqual([0, '']);
      const text = stdout.replace(/\s+/g, ' ');
      for (const [name, { means }] of Object.entries(SCENARIOS)) expect(text).toContain(`${name} ${means}`);
    }
  });

  it('plays a scenario at the sandbox on SANDBOX_PORT, prints the result, and ends the scenario', async () => {
    const { code, stdout, stderr } = await run([
      ...['reauth-null-old', '--reference', 'person 1', '--provider', 'OURA'],
    ]);
    expect([code, stderr]).toEqual([0, '']);
    const [user] = sandbox.account.usersOf('person 1');
    expect(user?.provider).toBe('OURA');
    expect(stdout).toMatch(/Played reauth-null-old\.\n {2}The end user connects the same account twice/);
    expect(stdout).toMatch(/Reference +person 1, OURA\n {2}Switches +reauthOldUser=null\n/);
    expect(stdout).toMatch(/for person 1 \(replaced since\)\n/);
    expect(stdout).toContain(`${user?.userId} for person 1\n`);
    expect(stdout).toMatch(/Webhooks +auth \(dropped\)\n +auth \(dropped\)\n +user_reauth \(dropped\)\n/);
    expect(sandbox.behaviour.reauthOldUser).toBe('null');

    expect((await run(['--end'])).stdout).toContain('has its initial value again');
    expect(sandbox.behaviour.reauthOldUser).toBe('present');
  });

  it('plays a scenario at another sandbox with --sandbox', async () => {
    const unusedPort = { SANDBOX_PORT: String(await findFreePort()) };
    const { code, stdout } = await run(['terra-down', '--sandbox', `${sandbox.url}/`], unusedPort);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/Switches +down=true\n/)]);
    expect(sandbox.behaviour.down).toBe(true);
  });

  it('names the address when no sandbox answers, and says how to start one', async () => {
    const free = String(await findFreePort());
    const { code, stderr, stdout } = await run(['reauth'], { SANDBOX_PORT: free });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`No sandbox answers at http://localhost:${free} (ECONNREFUSED)`);
    expect(stderr).toContain('Run "npm start" in another terminal');
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('says that the answer is not from a sandbox when another server answers', async () => {
    const otherServer = await startWebhookReceiver();
    const { code, stderr } = await run(['reauth', '--sandbox', otherServer.url]);
    await otherServer.close();
    const problem = `The server at ${otherServer.url} is not a Terra sandbox (HTTP 200).`;
    expect([code, stderr]).toEqual([1, `${problem} Use --sandbox <url> or set SANDBOX_PORT.\n`]);
  });

  it.each([
    [['nope'], 'There is no scenario "nope". Scenarios: lost-webhook, '],
    [['reauth', 'late'], 'Name only one scenario'],
    [['reauth', '--end'], 'Use a scenario name or --end'],
    [['reauth', '--refrence', 'x'], "Unknown option '--refrence'"],
    [['reauth', '--sandbox', 'localhost:3001'], '--sandbox must be a URL such as http://localhost:3001'],
    [['reauth', '--provider', 'NOPE'], 'rejected the request: There is no provider "NOPE".'],
  ])('rejects %j and changes nothing', async (args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(sandbox.account.linkedUsers()).toEqual([]);
  });
});
