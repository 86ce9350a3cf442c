import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../local/embedded-postgres';
import { LoggedProgram } from '../local/logged-program';
import type { Environment } from '../local/node-program';
import { findFreePort } from '../local/ports';
import type { StopList } from '../local/stop-list';
import { endUsersFor, makeCredentials, RETURN_URL, type Credentials } from './credentials';
import { BenchDatabase, seedPeer, seedService } from './database';
import { LoadProcess } from './load-process';
import { findNatsServer, NatsServer } from './nats-server';
import type { Options } from './options';
import { PEER_SCHEMA } from './peers/schema';
import { TakerProcess } from './takers/taker-process';

const FOLDER = resolve(process.env.DATA_DIR || '.data', 'bench');

export const PEERS = ['bare', 'fastify', 'express'] as const;
export type ServerName = 'service' | (typeof PEERS)[number];

export interface ServerOptions {
  /** Whether the service also runs its workers. */
  workers?: boolean;
  connections?: number;
  /** Gives the server a database that no other server has. */
  variant?: string;
  /** The program below dist/; default: that of the name. */
  script?: string;
  environment?: Environment;
}

export interface RunningServer {
  program: LoggedProgram;
  origin: string;
  database: BenchDatabase;
  /** Milliseconds from the spawn to the first 200 of /health/ready. */
  startMs: number;
}

/** Everything that the compared servers share: one Postgres, one sandbox as Terra, one load generator. */
export class Harness {
  readonly takers = new TakerProcess();
  private readonly databases = new Map<string, BenchDatabase>();
  private readonly admin: BenchDatabase;

  private constructor(
    readonly credentials: Credentials,
    readonly load: LoadProcess,
    private readonly sandboxOrigin: string,
    private readonly connections: number,
    private readonly postgres: EmbeddedPostgres,
    private readonly toStop: StopList,
  ) {
    this.admin = new BenchDatabase(postgres, 'postgres', '');
  }

  static async start({ connections }: Options, toStop: StopList): Promise<Harness> {
    const credentials = makeCredentials(connections);
    // Durable, as in production: without the wait for the disk, the share of every other cost would be too large.
    const postgres = await startEmbeddedPostgres({ dataDir: join(FOLDER, 'postgres'), durable: true });
    toStop.add('the database', async () => {
      await postgres.stop();
      rmSync(FOLDER, { recursive: true, force: true });
    });
    const port = await findFreePort();
    const origin = `http://127.0.0.1:${port}`;
    const { terraDevId, terraApiKey, terraSigningSecret } = credentials;
    const environment = {
      SANDBOX_PORT: String(port),
      TERRA_DEV_ID: terraDevId,
      TERRA_API_KEY: terraApiKey,
      TERRA_SIGNING_SECRETS: terraSigningSecret,
    };
    const sandbox = new LoggedProgram('the sandbox', 'sandbox/main.js', [], environment, logOf('sandbox'));
    toStop.add('the sandbox', () => sandbox.stop());
    await sandbox.waitUntilReady(`${origin}/sandbox/behaviour`);
    const load = new LoadProcess();
    toStop.add('the load generator', () => load.stop());
    const harness = new Harness(credentials, load, origin, connections, postgres, toStop);
    toStop.add('the takers', () => harness.takers.stop());
    return harness;
  }

  /** Starts a server on its own database, which is seeded at the first start. */
  async startServer(name: ServerName, options: ServerOptions = {}): Promise<RunningServer> {
    const { workers = false, connections = this.connections, variant = '' } = options;
    const database = await this.database(name, connections, variant);
    const port = await findFreePort();
    const origin = `http://127.0.0.1:${port}`;
    const { script = name === 'service' ? 'src/main.js' : `bench/peers/${name}/main.js` } = options;
    const startedAt = performance.now();
    const environment = { ...this.environment(database, port, workers), ...options.environment };
    const program = new LoggedProgram(name, script, [], environment, logOf(database.name));
    this.toStop.add(name, () => program.stop());
    await program.waitUntilReady(`${origin}/health/ready`);
    return { program, origin, database, startMs: performance.now() - startedAt };
  }

  /** The credentials for a database of that size. */
  credentialsFor(connections: number): Credentials {
    return { ...this.credentials, endUsers: endUsersFor(connections) };
  }

  /** Lets Postgres write the pages of the previous measure, so that the next measure does not include this work. */
  async checkpoint(): Promise<void> {
    await this.admin.query('CHECKPOINT');
  }

  /** Starts a NATS server; null: this machine has none. */
  async startNats(): Promise<NatsServer | null> {
    const path = findNatsServer();
    if (path === null) return null;
    const server = await NatsServer.start(path, join(FOLDER, 'nats'));
    this.toStop.add('the NATS server', () => server.stop());
    return server;
  }

  private environment(database: BenchDatabase, port: number, workers: boolean): Environment {
    const { apiKey, terraDevId, terraApiKey, terraSigningSecret } = this.credentials;
    return {
      PORT: String(port),
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      DATABASE_URL: database.url,
      TERRA_DEV_ID: terraDevId,
      TERRA_API_KEY: terraApiKey,
      TERRA_SIGNING_SECRETS: terraSigningSecret,
      TERRA_API_URL: `${this.sandboxOrigin}/api/v2`,
      TERRA_WIDGET_URL: `${this.sandboxOrigin}/api/widget/session`,
      RETURN_URLS: RETURN_URL,
      BOOTSTRAP_API_KEY: apiKey,
      // One client creates all sessions, as fast as the server answers.
      RATE_LIMIT_CLIENT_PER_MINUTE: '0',
      // The receivers of events run on this machine.
      OUTBOUND_ALLOW_PRIVATE: 'true',
      WORKERS_ENABLED: String(workers),
      SHUTDOWN_DRAIN_SECONDS: '0',
    };
  }

  private async database(server: ServerName, connections: number, variant: string): Promise<BenchDatabase> {
    const name = ['bench', server, variant, connections].filter((part) => part !== '').join('_');
    const known = this.databases.get(name);
    if (known) return known;
    const events = server === 'service' ? 'terra_connect.webhook_events' : 'peer.events';
    const database = new BenchDatabase(this.postgres, name, events);
    // A killed run leaves its databases behind.
    await this.admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await this.admin.query(`CREATE DATABASE ${name}`);
    if (server === 'service') {
      await this.migrate(database);
      await seedService(database, this.credentials, connections);
    } else {
      await database.query(PEER_SCHEMA);
      await seedPeer(database, this.credentials, connections);
    }
    this.databases.set(name, database);
    return database;
  }

  private async migrate({ url }: BenchDatabase): Promise<void> {
    const environment = { DATABASE_URL: url };
    const migration = new LoggedProgram(
      'the migration',
      'src/cli.js',
      ['migrate'],
      environment,
      logOf('migration'),
    );
    this.toStop.add('the migration', () => migration.stop());
    await migration.waitForSuccess();
  }
}

function logOf(name: string): string {
  return join(FOLDER, `${name}.log`);
}
