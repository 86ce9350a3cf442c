import { spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres';
import { isAlive } from './processes';
import { becomesTrue } from './waiting';

const repository = join(__dirname, '..');

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Another Node process that starts a server on this folder and prints the server's process id. */
function startInAnotherProcess(dataDir: string): ChildProcess {
  const program = `
    const { transformFileSync } = require('@swc/core');
    require.extensions['.ts'] = (module, file) => module._compile(
      transformFileSync(file, { module: { type: 'commonjs' }, jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }).code,
      file,
    );
    require('./local/embedded-postgres.ts')
      .startEmbeddedPostgres({ dataDir: process.argv[1], durable: false })
      .then((server) => console.log(server.pid), (error) => { console.error(error.message); process.exit(1); });
    setInterval(() => undefined, 1000);
  `;
  return spawn(process.execPath, ['-e', program, dataDir], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe('The embedded PostgreSQL', () => {
  let ready: string;
  let dataDir: string;
  const running: EmbeddedPostgres[] = [];
  const children: ChildProcess[] = [];
  const listeners: Server[] = [];

  const start = async (port?: number): Promise<EmbeddedPostgres> => {
    const server = await startEmbeddedPostgres({ dataDir, port, durable: false });
    running.push(server);
    return server;
  };

  const startElsewhere = async (): Promise<{ child: ChildProcess; serverPid: number }> => {
    const child = startInAnotherProcess(dataDir);
    children.push(child);
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    return { child, serverPid: Number(line.toString()) };
  };

  beforeAll(async () => {
    ready = mkdtempSync(join(tmpdir(), 'embedded-postgres-'));
    await (await startEmbeddedPostgres({ dataDir: ready, durable: false })).stop();
  });

  beforeEach(() => {
    // Copy one cluster. A new cluster for each test would take most of this file's time.
    dataDir = mkdtempSync(join(tmpdir(), 'embedded-postgres-'));
    cpSync(ready, dataDir, { recursive: true });
    // Node 22 and newer do not copy a folder's mode, and Postgres does not start on a cluster that others may read.
    chmodSync(join(dataDir, 'cluster'), 0o700);
  });

  afterAll(() => rmSync(ready, { recursive: true, force: true }));

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const listener of listeners.splice(0)) listener.close();
    for (const server of running.splice(0)) await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('keeps its data and its password over a restart', async () => {
    const first = await start();
    await first.ensureDatabase('app');
    await first.ensureDatabase('app');
    await query(first.url('app'), 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);

    const second = await start(first.port);
    expect(second.url('app')).toBe(first.url('app'));
    expect(await query(second.url('app'), 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('listens on the loopback address only, requires the password, and makes the password file readable by its owner only', async () => {
    const server = await start();
    expect(await query(server.url('postgres'), 'SHOW listen_addresses')).toEqual([
      { listen_addresses: '127.0.0.1' },
    ]);
    expect(statSync(join(dataDir, 'password')).mode & 0o777).toBe(0o600);

    const wrongPassword = new URL(server.url('postgres'));
    wrongPassword.password = 'guessed';
    await expect(query(wrongPassword.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  });

  it('upper() and lower() work for every script on every machine', async () => {
    const server = await start();
    expect(await query(server.url('postgres'), "SELECT upper('é ñ σ') AS u, lower('É Ñ Σ') AS l")).toEqual([
      { u: 'É Ñ Σ', l: 'é ñ σ' },
    ]);
  });

  it('writes to disk durably only when durability is requested', async () => {
    const notDurable = await start();
    expect(await query(notDurable.url('postgres'), 'SHOW fsync')).toEqual([{ fsync: 'off' }]);
    await notDurable.stop();

    const durable = await startEmbeddedPostgres({ dataDir, durable: true });
    running.push(durable);
    expect(await query(durable.url('postgres'), 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
    expect(await query(durable.url('postgres'), 'SHOW synchronous_commit')).toEqual([
      { synchronous_commit: 'on' },
    ]);
  });

  it('rejects a second start on a folder in use, in one line', async () => {
    await start();
    const failure = await start().catch((error: Error) => error);
    expect(failure).toMatchObject({ name: 'LauncherError' });
    expect((failure as Error).message).toMatch(
      new RegExp(`^${dataDir} is in use by process ${process.pid}\\..*$`),
    );
  });

  it('names a port that is taken and the variable to change', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    listeners.push(listener);
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;

    await expect(start(port)).rejects.toThrow(
      `Port ${port} is taken; the embedded PostgreSQL needs it. Free the port, or set POSTGRES_PORT to another port.`,
    );
    // The failed start has released the folder.
    await start();
  });

  it('rejects a folder of another major version, and names both versions', async () => {
    await (await start()).stop();
    writeFileSync(join(dataDir, 'cluster', 'PG_VERSION'), '9\n');
    await expect(start()).rejects.toThrow(/was created by PostgreSQL 9, but this is PostgreSQL \d+/);
  });

  it('shows the last log lines of a server that does not start', async () => {
    await (await start()).stop();
    writeFileSync(join(dataDir, 'cluster', 'postgresql.auto.conf'), "no_such_setting = 'x'\n");
    await expect(start()).rejects.toThrow(/no_such_setting/);
  });

  it('removes the files that an interrupted first start left', async () => {
    rmSync(join(dataDir, 'cluster'), { recursive: true });
    writeFileSync(join(dataDir, 'new-1'), '');
    await start();
    expect(existsSync(join(dataDir, 'new-1'))).toBe(false);
  });

  it('reports the end of a server that ends by itself', async () => {
    const server = await start();
    process.kill(server.pid, 'SIGQUIT');
    expect(await server.exited).toMatch(/immediate shutdown/);
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;

  onLinux('does not outlive a process that is killed with -9', async () => {
    const { child, serverPid } = await startElsewhere();
    expect(isAlive(serverPid)).toBe(true);
    child.kill('SIGKILL');
    expect(await becomesTrue(() => !isAlive(serverPid), 10_000)).toBe(true);
    await start();
  });

  onLinux('stops a server that an earlier start left behind', async () => {
    const { child, serverPid } = await startElsewhere();
    // A stopped server does not notice the end of its parent. On other systems than Linux, no server does.
    process.kill(serverPid, 'SIGSTOP');
    child.kill('SIGKILL');
    await once(child, 'exit');
    setImmediate(() => process.kill(serverPid, 'SIGCONT'));

    const server = await start();
    expect(server.pid).not.toBe(serverPid);
    expect(isAlive(serverPid)).toBe(false);
  });

  onLinux('starts despite a stale lock file whose process id now belongs to another program', async () => {
    const first = await start();
    const lockFile = join(dataDir, 'cluster', 'postmaster.pid');
    const [, ...rest] = readFileSync(lockFile, 'utf8').split('\n');
    await first.stop();
    writeFileSync(lockFile, [String(process.ppid), ...rest].join('\n'));
    await start();
  });
});
