import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../local/embedded-postgres';
import { assertPortFree, findFreePort } from '../local/ports';
import { isAlive } from '../local/processes';
import { becomesTrue } from '../local/waiting';
import { freeLauncherPorts, LauncherRun, type LauncherPorts } from './stage/launcher-run';
import { createTestDatabase } from './support/database';

// The first start may have to build.
jest.setTimeout(180_000);

describe('npm start', () => {
  let usedBefore: string;
  let dataDir: string;
  let ports: LauncherPorts;
  let runs: LauncherRun[];

  const start = (
    env: Record<string, string> = {},
    command = [process.execPath, 'local/bootstrap.cjs', 'start'],
  ): LauncherRun => {
    const numbers = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
    const run = new LauncherRun({ DATA_DIR: dataDir, ...numbers, ...env }, command);
    runs.push(run);
    return run;
  };

  /** Copies a database cluster, as an earlier start leaves it. A new cluster would take half of the time of a first start. */
  const startedBefore = (): void => {
    cpSync(usedBefore, dataDir, { recursive: true });
    // Node 22 and newer do not copy a folder's mode, and Postgres does not start on a cluster that others may read.
    chmodSync(join(dataDir, 'postgres', 'cluster'), 0o700);
  };

  const serverPid = (): number =>
    Number(readFileSync(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);

  const portsAreFree = async (): Promise<boolean> => {
    try {
      for (const [name, port] of Object.entries(ports)) await assertPortFree(port as number, name, name);
      return true;
    } catch {
      return false;
    }
  };

  const api = (path: string, init: RequestInit = {}): Promise<Response> => {
    const key = readFileSync(join(dataDir, 'secrets', 'api-key'), 'utf8').trim();
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    return fetch(`http://127.0.0.1:${ports.PORT}${path}`, {
      ...init,
      headers,
      signal: AbortSignal.timeout(10_000),
    });
  };

  beforeAll(async () => {
    usedBefore = mkdtempSync(join(tmpdir(), 'terra-connect-launcher-'));
    await (await startEmbeddedPostgres({ dataDir: join(usedBefore, 'postgres'), durable: false })).stop();
  });
  afterAll(() => rmSync(usedBefore, { recursive: true, force: true }));

  beforeEach(async () => {
    runs = [];
    dataDir = mkdtempSync(join(tmpdir(), 'terra-connect-launcher-'));
    ports = await freeLauncherPorts();
  });

  afterEach(async () => {
    for (const run of runs) run.kill('SIGKILL');
    // When the test that kills npm fails, the launcher outlives npm. The file in the data folder names its process.
    const owner = join(dataDir, 'postgres', 'owner.json');
    const { pid = 0 } = existsSync(owner)
      ? (JSON.parse(readFileSync(owner, 'utf8')) as { pid?: number })
      : {};
    if (pid && isAlive(pid)) process.kill(pid, 'SIGKILL');
    expect(await becomesTrue(portsAreFree, 20_000)).toBe(true);
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('prints the addresses, stops every program on Ctrl-C, and finds its data at the next start', async () => {
    const first = start();
    await first.ready();
    expect(first.output).toContain(`http://localhost:${ports.SAMPLE_APP_PORT}`);
    expect(first.output).toContain(`http://localhost:${ports.PORT}/docs`);
    expect((await api('/health/ready')).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${ports.SAMPLE_APP_PORT}/`)).status).toBe(200);

    const created = await api('/v1/connect-sessions', { method: 'POST', body: '{"referenceId":"user-1"}' });
    const { id } = (await created.json()) as { id: string };
    const database = serverPid();
    expect(existsSync(join(dataDir, 'env'))).toBe(true);

    first.kill('SIGINT');
    await first.exited;
    expect(first.exitCode).toBe(0);
    // Every other program must end before the launcher ends.
    expect(await portsAreFree()).toBe(true);
    expect(isAlive(database)).toBe(false);
    expect(existsSync(join(dataDir, 'env'))).toBe(false);

    const second = start();
    await second.ready();
    const found = await api(`/v1/connect-sessions/${id}`);
    expect(await found.json()).toMatchObject({ id, referenceId: 'user-1' });

    second.kill('SIGTERM');
    await second.exited;
    expect(second.exitCode).toBe(0);
    expect(await portsAreFree()).toBe(true);
  });

  it.each(['PORT', 'SANDBOX_PORT', 'SAMPLE_APP_PORT', 'POSTGRES_PORT'] as const)(
    'reports in one line that the port of %s is taken',
    async (variable) => {
      startedBefore();
      const listener = createServer().listen(ports[variable], '127.0.0.1');
      await once(listener, 'listening');
      try {
        const run = start();
        await run.exited;
        expect(run.exitCode).toBe(1);
        const printed = run.output
          .trim()
          .split('\n')
          .filter((line) => !/^Buil(ding …|t in )/.test(line));
        expect(printed).toEqual([
          expect.stringMatching(
            new RegExp(`^Port ${ports[variable]} is taken; .* set ${variable} to another port\\.$`),
          ),
        ]);
      } finally {
        listener.close();
      }
    },
  );

  it('rejects a data folder that another launcher uses, in one line', async () => {
    startedBefore();
    await start().ready();
    const taken = ports;
    ports = await freeLauncherPorts();
    const second = start();
    await second.exited;
    expect(second.exitCode).toBe(1);
    expect(second.output.trim()).toMatch(/^\S+ is in use by process \d+\. .*DATA_DIR.*$/);
    ports = taken;
  });

  it('T-20: does not start in production, where it would play Terra and print an admin key', async () => {
    const run = start({ NODE_ENV: 'production' });
    await run.exited;
    expect(run.exitCode).toBe(1);
    expect(run.output).toContain('NODE_ENV is production, but "npm start" is for development');
    expect(run.output).not.toContain('tc_');
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false);
  });

  it('starts no PostgreSQL when DATABASE_URL is set, and finds the service at MANAGEMENT_PORT', async () => {
    const database = await createTestDatabase();
    try {
      const managementPort = await findFreePort();
      const run = start({ DATABASE_URL: database.url, MANAGEMENT_PORT: String(managementPort) });
      await run.ready();
      expect(run.output).toContain(`http://localhost:${managementPort}/docs`);
      expect((await fetch(`http://127.0.0.1:${managementPort}/health/ready`)).status).toBe(200);
      expect((await api('/health/ready')).status).toBe(404);
      expect(existsSync(join(dataDir, 'postgres'))).toBe(false);
      run.kill('SIGINT');
      await run.exited;
    } finally {
      await database.drop();
    }
  });

  it('starts no sandbox when it has the credentials of a Terra account', async () => {
    startedBefore();
    const credentials = {
      TERRA_DEV_ID: 'acme-dev-1',
      TERRA_API_KEY: 'a'.repeat(32),
      TERRA_SIGNING_SECRETS: 'b'.repeat(32),
    };
    const unusedUrl = `http://127.0.0.1:${await findFreePort()}`;
    const run = start({ ...credentials, TERRA_API_URL: unusedUrl, TERRA_WIDGET_URL: unusedUrl });
    await run.ready();
    await expect(assertPortFree(ports.SANDBOX_PORT, 'the test', 'PORT')).resolves.toBeUndefined();
    expect(run.output).toContain('cannot call this machine yet');
  });

  it("prints the service's configuration error, and stops every program that it has started", async () => {
    startedBefore();
    const run = start({ RETURN_URLS: 'javascript:alert(1)' });
    await run.exited;
    expect(run.exitCode).toBe(1);
    expect(run.output).toContain('RETURN_URLS');
    expect(await portsAreFree()).toBe(true);
  });

  const onLinux = process.platform === 'linux' ? describe : describe.skip;

  onLinux('when a process is killed or stopped', () => {
    beforeEach(() => startedBefore());

    it('leaves no process behind after kill -9, and starts again', async () => {
      const run = start();
      await run.ready();
      const database = serverPid();
      run.kill('SIGKILL');
      expect(await becomesTrue(portsAreFree, 10_000)).toBe(true);
      expect(await becomesTrue(() => !isAlive(database), 10_000)).toBe(true);
      await start().ready();
    });

    it('leaves no process behind when npm is killed with -9', async () => {
      const run = start({}, ['npm', 'start']);
      await run.ready();
      run.kill('SIGKILL');
      expect(await becomesTrue(portsAreFree, 20_000)).toBe(true);
    });

    it.each(['dist/src/main.js', 'bin/postgres'])(
      'stops every program when %s ends by itself',
      async (program) => {
        const run = start();
        await run.ready();
        const victim = run.programs().find(({ command }) => command.includes(program));
        process.kill(victim!.pid, 'SIGKILL');
        await run.exited;
        expect(run.exitCode).toBe(1);
        expect(run.output).toMatch(/stopped unexpectedly: SIGKILL/);
        expect(await portsAreFree()).toBe(true);
      },
    );

    it('stops every program on Ctrl-C while it is still starting', async () => {
      const run = start();
      const started = () => existsSync(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'));
      expect(await becomesTrue(started, 120_000)).toBe(true);
      run.kill('SIGINT');
      await run.exited;
      expect(run.exitCode).toBe(0);
      expect(run.isReady).toBe(false);
      expect(await portsAreFree()).toBe(true);
    });
  });
});
