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

export interface Running {
  program: LoggedProgram;
  origin: string;
  /** Milliseconds from the spawn to the first 200 of /health/ready. */
  startMs: number;
}

/** Everything around the two servers that are compared: one Postgres, one sandbox, one load generator. */
export class Stage {
  private constructor(
    readonly credentials: Credentials,
    readonly load: LoadProcess,
    /** One for each server, alike at the start, so that each one's rows can be counted. */
    readonly databases: { service: BenchDatabase; peer: BenchDatabase },
    readonly sandboxOrigin: string,
    readonly sandbox: LoggedProgram,
    private readonly postgres: EmbeddedPostgres,
    private readonly toStop: StopList,
  ) {}

  static async build(connections: number, toStop: StopList): Promise<Stage> {
    const credentials = makeCredentials(endUsersFor(connections));
    // Durable: a server that does not wait for the disk would make every other cost look larger than it is.
    const postgres = await startEmbeddedPostgres({ dataDir: join(FOLDER, 'postgres'), durable: true });
    toStop.add('the database', async () => {
      await postgres.stop();
      rmSync(FOLDER, { recursive: true, force: true });
    });
    const databases = await makeDatabases(postgres, credentials, toStop);

    const port = await findFreePort();
    const sandboxOrigin = `http://127.0.0.1:${port}`;
    const sandbox = new LoggedProgram(
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
    toStop.add('the sandbox', () => sandbox.stop());
    await sandbox.waitUntilReady(`${sandboxOrigin}/sandbox/behaviour`);

    const load = new LoadProcess();
    toStop.add('the load generator', () => load.stop());
    return new Stage(credentials, load, databases, sandboxOrigin, sandbox, postgres, toStop);
  }

  /** The built service as in production; `workers` says whether it works its inbox off as well. */
  startService({ workers }: { workers: boolean }): Promise<Running> {
    const { service } = this.databases;
    return this.start('the service', 'src/main.js', service, { WORKERS_ENABLED: String(workers) });
  }

  startPeer(): Promise<Running> {
    return this.start('the peer', 'bench/peer/main.js', this.databases.peer, {});
  }

  /** How long Terra takes to answer. */
  async setTerraDelay(delayMs: number): Promise<void> {
    const answer = await fetch(`${this.sandboxOrigin}/sandbox/behaviour`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ delayMs }),
    });
    if (!answer.ok) throw new Error(`The sandbox answered ${answer.status} to its switch.`);
  }

  /** Lets Postgres finish what is left of the measure before, at nobody's cost. */
  async settle(): Promise<void> {
    await new BenchDatabase(this.postgres, 'postgres').query('CHECKPOINT');
  }

  private async start(
    name: string,
    script: string,
    database: BenchDatabase,
    more: Environment,
  ): Promise<Running> {
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
        TERRA_API_URL: `${this.sandboxOrigin}/api/v2`,
        TERRA_WIDGET_URL: `${this.sandboxOrigin}/api/widget/session`,
        RETURN_URLS: RETURN_URL,
        BOOTSTRAP_API_KEY: apiKey,
        ...more,
      },
      logOf(database.name),
    );
    this.toStop.add(name, () => program.stop());
    await program.waitUntilReady(`${origin}/health/ready`);
    return { program, origin, startMs: performance.now() - startedAt };
  }
}

async function makeDatabases(
  postgres: EmbeddedPostgres,
  credentials: Credentials,
  toStop: StopList,
): Promise<Stage['databases']> {
  const admin = new BenchDatabase(postgres, 'postgres');
  const service = new BenchDatabase(postgres, 'bench_service');
  const peer = new BenchDatabase(postgres, 'bench_peer');
  // A run that was killed has left its own behind.
  for (const { name } of [service, peer]) await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
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
  await admin.query(`CREATE DATABASE ${peer.name} TEMPLATE ${service.name} STRATEGY FILE_COPY`);
  return { service, peer };
}

function logOf(name: string): string {
  return join(FOLDER, `${name}.log`);
}
