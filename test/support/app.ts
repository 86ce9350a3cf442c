import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Writable } from 'node:stream';
import { createServer } from 'node:net';
import { createApp } from '../../src/app.setup';
import { ManagementServer } from '../../src/app.management';
import { readEnvironment } from '../../src/config';
import { ConnectionAnnouncer } from '../../src/connect-sessions';
import { DeauthenticationWorker } from '../../src/connections';
import { JsonLogger } from '../../src/observability';
import { ParkedEventsWorker, WebhookInboxWorker } from '../../src/webhooks';
import type { Sandbox } from '../../sandbox';
import { createTestDatabase } from './database';
import { checkAnswers } from './live-answers';
import { startTestSandbox, TEST_CREDENTIALS } from './sandbox';

export const ADMIN_KEY = 'tc_test_bootstrap_key_0123456789';
export const RETURN_URL = 'https://app.example.com/devices';

/** Tests send many requests from one address, with one key. The tests of the limits set their own. */
const NO_LIMITS = {
  RATE_LIMIT_CLIENT_PER_MINUTE: '0',
  RATE_LIMIT_END_USER_PER_HOUR: '0',
  RATE_LIMIT_ADDRESS_PER_MINUTE: '0',
  RATE_LIMIT_REFUSED_KEYS_PER_MINUTE: '0',
  RATE_LIMIT_REFUSED_WEBHOOKS_PER_MINUTE: '0',
};

export interface ApiAnswer<Body = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: Body;
}

export interface TestApp {
  url: string;
  app: NestFastifyApplication;
  databaseUrl: string;
  sandbox: Sandbox;
  /** All log lines of the service. */
  log: string[];
  query: <Row = Record<string, unknown>>(sql: string, parameters?: unknown[]) => Promise<Row[]>;
  /** Calls the API with the admin key, unless the options say otherwise. */
  api: <Body = Record<string, unknown>>(
    method: string,
    path: string,
    options?: ApiOptions,
  ) => Promise<ApiAnswer<Body>>;
  /** Processes the webhook inbox until no event is due, and settles provisional connections. */
  drainWebhooks: () => Promise<void>;
  /** Sends every due deauthentication request to Terra, and processes the webhooks that Terra sends in response. */
  drainDeauthentications: () => Promise<void>;
  close: () => Promise<void>;
}

export interface ApiOptions {
  body?: unknown;
  headers?: Record<string, string>;
  key?: string | null;
}

/** Starts the whole service on a free port, with its own database and sandbox. Its workers are switched off. */
export async function startTestApp(environment: Record<string, string> = {}): Promise<TestApp> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const sandbox = await startTestSandbox({ webhookUrl: `${url}/webhooks/terra` });
  const database = await createTestDatabase();
  const log: string[] = [];
  const closeAround = async (): Promise<void> => {
    await sandbox.close();
    await database.drop();
  };
  let app: NestFastifyApplication;
  try {
    app = await createApp(
      readEnvironment({
        PORT: String(port),
        PUBLIC_URL: url,
        DATABASE_URL: database.url,
        TERRA_DEV_ID: TEST_CREDENTIALS.devId,
        TERRA_API_KEY: TEST_CREDENTIALS.apiKey,
        TERRA_SIGNING_SECRETS: TEST_CREDENTIALS.signingSecret,
        TERRA_API_URL: sandbox.apiUrl,
        TERRA_WIDGET_URL: sandbox.widgetUrl,
        RETURN_URLS: `${RETURN_URL},http://localhost:4001/,pulse://connected`,
        BOOTSTRAP_API_KEY: ADMIN_KEY,
        WORKERS_ENABLED: 'false',
        LOG_LEVEL: 'debug',
        ...NO_LIMITS,
        ...environment,
      }),
      new JsonLogger('debug', collect(log)),
    );
    checkAnswers(app.getHttpServer());
    checkAnswers(app.get(ManagementServer)['server']);
    await app.listen(port, '127.0.0.1');
    await app.get(ManagementServer).listen('127.0.0.1');
  } catch (error) {
    // Open handles would keep jest from ending.
    await closeAround();
    throw error;
  }
  const drainWebhooks = async (): Promise<void> => {
    await sandbox.idle();
    const inbox = app.get(WebhookInboxWorker, { strict: false });
    const parked = app.get(ParkedEventsWorker, { strict: false });
    const announcer = app.get(ConnectionAnnouncer, { strict: false });
    do while (await inbox.runOnce());
    while ((await parked.runOnce()) || (await announcer.runOnce()));
  };
  return {
    url,
    app,
    databaseUrl: database.url,
    sandbox,
    log,
    query: (sql, parameters = []) => database.query(sql, parameters) as never,
    api: (method, path, options) => callApi(url, method, path, options),
    drainWebhooks,
    drainDeauthentications: async () => {
      const worker = app.get(DeauthenticationWorker, { strict: false });
      while (await worker.runOnce());
      await drainWebhooks();
    },
    close: async () => {
      await app.close();
      await closeAround();
    },
  };
}

export async function callApi<Body>(
  url: string,
  method: string,
  path: string,
  { body, headers, key = ADMIN_KEY }: ApiOptions = {},
): Promise<ApiAnswer<Body>> {
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json') ?? false;
  return {
    status: response.status,
    headers: response.headers,
    body: (json ? JSON.parse(text) : text) as Body,
  };
}

/** The log lines of one event. */
export function loggedLines({ log }: TestApp, event: string): Record<string, unknown>[] {
  return log
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line.event === event);
}

// The range is below the ephemeral ports of the system, because any outgoing connection can take an ephemeral port between
// our check and our use of it. Each jest worker has its own range.
const PORTS_PER_WORKER = 1_000;
const FIRST_PORT = 20_000 + (Number(process.env.JEST_WORKER_ID ?? 0) % 12) * PORTS_PER_WORKER;
let nextPort = Math.floor(Math.random() * PORTS_PER_WORKER);

export async function freePort(): Promise<number> {
  for (let tries = 0; tries < PORTS_PER_WORKER; tries += 1) {
    const port = FIRST_PORT + (nextPort++ % PORTS_PER_WORKER);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise((resolve) => server.close(resolve));
    if (isFree) return port;
  }
  throw new Error(`All ports from ${FIRST_PORT} to ${FIRST_PORT + PORTS_PER_WORKER - 1} are in use.`);
}

function collect(lines: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
}
