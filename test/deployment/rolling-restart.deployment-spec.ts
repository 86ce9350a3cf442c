import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { statusOf } from '../../local/node-program';
import { findFreePort } from '../../local/ports';
import type { Sandbox } from '../../sandbox';
import { ServiceProcess, STAGE_CREDENTIALS } from '../stage/service-process';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { startTestSandbox } from '../support/sandbox';
import { Load } from './support/load';
import { startNginx, type Nginx } from './support/nginx';

/** Load balancers check every few seconds. */
const CHECK_INTERVAL_MS = 2_000;

/** The `http` block for nginx in front of these ports. Its connections to the service are kept alive. */
const proxyTo =
  (ports: number[], repeats: string) =>
  (port: number): string => `
    upstream terra_connect {
      ${ports.map((each) => `server 127.0.0.1:${each} max_fails=0;`).join(' ')}
      keepalive 32;
    }
    server {
      listen 127.0.0.1:${port};
      location / {
        proxy_pass http://terra_connect;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_next_upstream ${repeats};
      }
    }`;

/** Keeps nginx's list of processes equal to those that are ready, as the health check of a load balancer does. */
class HealthCheck {
  private stopped = false;
  private readonly running: Promise<void>;

  constructor(
    private readonly ports: number[],
    private readonly use: (ready: number[]) => void,
  ) {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    let current = this.ports;
    while (!this.stopped) {
      const ready = await readyAmong(this.ports);
      if (ready.join() !== current.join()) this.use(ready);
      current = ready;
      await sleep(CHECK_INTERVAL_MS);
    }
  }
}

async function readyAmong(ports: number[]): Promise<number[]> {
  const statuses = await Promise.all(ports.map((port) => statusOf(`http://127.0.0.1:${port}/health/ready`)));
  return ports.filter((_port, index) => statuses[index] === 200);
}

describe('R10: a rolling restart of two processes behind nginx, under load', () => {
  let database: TestDatabase;
  let sandbox: Sandbox;
  let folder: string;
  let ports: number[];
  let running: ServiceProcess[];

  beforeEach(async () => {
    database = await createTestDatabase();
    sandbox = await startTestSandbox(STAGE_CREDENTIALS);
    folder = mkdtempSync(join(tmpdir(), 'rolling-restart-'));
    ports = [await findFreePort(), await findFreePort()];
    running = [];
  });
  afterEach(async () => {
    await Promise.all(running.map(({ program }) => program.kill()));
    await sandbox.close();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (port: number, drainSeconds: number): Promise<ServiceProcess> =>
    ServiceProcess.start({
      databaseUrl: database.url,
      port,
      logFile: join(folder, `${port}.log`),
      environment: {
        SHUTDOWN_DRAIN_SECONDS: String(drainSeconds),
        // One client makes all of the load.
        RATE_LIMIT_CLIENT_PER_MINUTE: '0',
        TERRA_API_URL: sandbox.apiUrl,
        TERRA_WIDGET_URL: sandbox.widgetUrl,
      },
    });

  const restartUnderLoad = async (nginx: Nginx, drainSeconds: number): Promise<Load> => {
    const load = new Load(nginx.url);
    try {
      await load.sends(100);
      for (const [index, port] of ports.entries()) {
        const { program } = running[index]!;
        process.kill(program.pid, 'SIGTERM');
        expect(await program.exited).toBe('exit code 0');
        running[index] = await start(port, drainSeconds);
        await load.sends(100);
      }
    } finally {
      await load.stop();
    }
    return load;
  };

  const expectEachSucceededOnce = async (load: Load, nginx: Nginx): Promise<void> => {
    expect(load.failures.length === 0 ? [] : [load.failures, nginx.log()]).toEqual([]);
    const [stored] = await database.query(
      'SELECT (SELECT count(*)::int FROM terra_connect.connect_sessions) AS session,' +
        ' (SELECT count(*)::int FROM terra_connect.webhook_events) AS webhook',
    );
    expect(load.succeeded).toMatchObject(stored ?? {});
  };

  it('fails no request when nginx follows /health/ready and repeats nothing', async () => {
    // The default.
    const drainSeconds = 10;
    running = await Promise.all(ports.map((port) => start(port, drainSeconds)));
    const nginx = await startNginx(proxyTo(ports, 'off'));
    const healthCheck = new HealthCheck(ports, (ready) => nginx.reload(proxyTo(ready, 'off')));
    try {
      await expectEachSucceededOnce(await restartUnderLoad(nginx, drainSeconds), nginx);
    } finally {
      await healthCheck.stop();
      await nginx.stop();
    }
  });

  // nginx without a health check sends requests until the process no longer listens. The system resets the connections that
  // nginx opens in that moment. The service has not seen their requests, so nginx may repeat them, POST too.
  it('fails no request, and executes none twice, when nginx has no health check and repeats what got no answer', async () => {
    const drainSeconds = 1;
    running = await Promise.all(ports.map((port) => start(port, drainSeconds)));
    const nginx = await startNginx(proxyTo(ports, 'error timeout non_idempotent'));
    try {
      await expectEachSucceededOnce(await restartUnderLoad(nginx, drainSeconds), nginx);
    } finally {
      await nginx.stop();
    }
  });
});
