import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../local/embedded-postgres';
import type { Environment } from '../local/node-program';
import { findFreePort } from '../local/ports';
import { LoggedProgram } from '../local/logged-program';
import type { StopList } from '../local/stop-list';
import { makeCredentials, RETURN_URL, type Credentials } from './credentials';
import { BenchDatabase, endUsersFor, seed } from './database';
import { LoadProcess } from './load-process';

const FOLDER = resolve(process.env.DATA_DIR || '.data', 'bench');

export interface RunningServer {
  program: LoggedProgram;
  origin: string;
  /** Milliseconds from the spawn to the first 200 of /health/ready. */
  startMs: number;
}

/** Everything that the two compared servers share: one Postgres, one sandbox, one load generator. */
export class Harness {
  private constructor(
    readonly credentials: Credentials,
    readonly load: LoadProcess,
    /** One per server, with the same rows at the start, so that the bench can count the rows of each server. */
    readonly databases: { service: BenchDatabase; baseline: BenchDatabase },
    readonly sandbox: Pick<RunningServer, 'program' | 'origin'>,
    private readonly postgres: EmbeddedPostgres,
    private readonly toStop: StopList,
  ) {}

  static async start(connections: number, toStop: StopList): Promise<Harness> {
    const credentials = makeCredentials(endUsersFor(connections));
    // Durable, as in production: without the wait for the disk, the share of every other cost would be too large.
    const postgres = await startEmbeddedPostgres({ dataDir: join(FOLDER, 'postgres'), durable: true });
    toStop.add('the database', async () => {
      await postgres.stop();
      rmSync(FOLDER, { recursive: true, force: true });
    });
    const databases = await createDatabases(postgres, credentials, toStop);

    const port = await findFreePort();
    const origin = `http://127.0.0.1:${port}`;
    const program = new LoggedProgram(
      'the sandbox',
      'sandbox/main.js',
      [],
      {
        SANDBOX_PORT: String(port),
        TERRA_DEV_ID: credentials.terraDevId,
        TERRA_API_KEY: credentials.terraApiKey,
        TERRA_SIGNING_SECRETS: credentials.terraSigningSecret,
      },
      logOf('sandbox'),
    );
    toStop.add('the sandbox', () => program.stop());
    await program.waitUntilReady(`${origin}/sandbox/behaviour`);

    const load = new LoadProcess();
    toStop.add('the load generator', () => load.stop());
    return new Harness(credentials, load, databases, { program, origin }, postgres, toStop);
  }

  /** Starts the built service as in production. `workers`: whether the service also processes its inbox. */
  startService({ workers }: { workers: boolean }): Promise<RunningServer> {
    const { service } = this.databases;
    return this.startServer('the service', 'src/main.js', service, {
      WORKERS_ENABLED: String(workers),
      SHUTDOWN_DRAIN_SECONDS: '0',
    });
  }

  startBaseline(): Promise<RunningServer> {
    return this.startServer('the baseline', 'bench/baseline/main.js', this.databases.baseline, {});
  }

  /** Sets how long the sandbox waits before it answers as Terra. */
  async setTerraDelay(delayMs: number): Promise<void> {
    const answer = await fetch(`${this.sandbox.origin}/sandbox/behaviour`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ delayMs }),
    });
    if (!answer.ok) throw new Error(`The sandbox answered ${answer.status} when its delay was set.`);
  }

  /** Lets Postgres write the pages of the previous measure, so that the next measure does not include this work. */
  async checkpoint(): Promise<void> {
    await new BenchDatabase(this.postgres, 'postgres').query('CHECKPOINT');
  }

  private async startServer(
    name: string,
    script: string,
    database: BenchDatabase,
    extraEnv: Environment,
  ): Promise<RunningServer> {
    const port = await findFreePort();
    const origin = `http://127.0.0.1:${port}`;
    const { apiKey, terraDevId, terraApiKey, terraSigningSecret } = this.credentials;
    const startedAt = performance.now();
    const program = new LoggedProgram(
      name,
      script,
      [],
      {
        PORT: String(port),
        PUBLIC_URL: origin,
        DATABASE_URL: database.url,
        TERRA_DEV_ID: terraDevId,
        TERRA_API_KEY: terraApiKey,
        TERRA_SIGNING_SECRETS: terraSigningSecret,
        TERRA_API_URL: `${this.sandbox.origin}/api/v2`,
        TERRA_WIDGET_URL: `${this.sandbox.origin}/api/widget/session`,
        RETURN_URLS: RETURN_URL,
        BOOTSTRAP_API_KEY: apiKey,
        // One client creates all sessions, as fast as the server answers.
        RATE_LIMIT_CLIENT_PER_MINUTE: '0',
        ...extraEnv,
      },
      logOf(database.name),
    );
    this.toStop.add(name, () => program.stop());
    await program.waitUntilReady(`${origin}/health/ready`);
    return { program, origin, startMs: performance.now() - startedAt };
  }
}

async function createDatabases(
  postgres: EmbeddedPostgres,
  credentials: Credentials,
  toStop: StopList,
): Promise<Harness['databases']> {
  const admin = new BenchDatabase(postgres, 'postgres');
  const service = new BenchDatabase(postgres, 'bench_service');
  const baseline = new BenchDatabase(postgres, 'bench_baseline');
  // A killed run leaves its databases behind.
  for (const { name } of [service, baseline])
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${service.name}`);
  const migration = new LoggedProgram(
    'the migration',
    'src/cli.js',
    ['migrate'],
    { DATABASE_URL: service.url },
    logOf('migration'),
  );
  toStop.add('the migration', () => migration.stop());
  await migration.waitForSuccess();
  await seed(service, credentials);
  await admin.query(`CREATE DATABASE ${baseline.name} TEMPLATE ${service.name} STRATEGY FILE_COPY`);
  return { service, baseline };
}

function logOf(name: string): string {
  return join(FOLDER, `${name}.log`);
}
