import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, get, request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { becomesTrue } from '../local/waiting';
import { Drain } from '../src/health';
import { VERSION } from '../src/version';
import { ServiceProcess, STAGE_API_KEY } from './stage/service-process';
import { ADMIN_KEY, callApi, startTestApp, type TestApp } from './support/app';
import { createTestDatabase, type TestDatabase } from './support/database';

const SESSION_PAGE = '/connect/result?session_id=01a20920-5d5f-717a-83ee-9e39a401f439';

describe('R10: a stop', () => {
  let service: TestApp;
  let startedAt: bigint;
  let stopped: Promise<void> | undefined;
  beforeEach(async () => {
    service = await startTestApp();
    stopped = undefined;
    startedAt = process.hrtime.bigint();
  });
  afterEach(() => stop());
  const stop = (): Promise<void> => (stopped ??= service.close());
  // This limit is far below the minute of keep-alive, the minutes of Node's request timeout, and main's own deadline.
  const expectPrompt = (): void => expect(Number(process.hrtime.bigint() - startedAt) / 1e9).toBeLessThan(8);
  const isWaitingForTerra = async (): Promise<void> => {
    while (service.sandbox.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
  };
  const openConnection = async (): Promise<Socket> => {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };

  it('does not wait for a connection without a request, nor for one that is kept alive', async () => {
    const silent = await openConnection();
    await service.api('GET', '/health/live');
    const ended = once(silent.resume(), 'close');
    await stop();
    await ended;
    expectPrompt();
  });

  it('waits for the requests in progress, answers them, and waits for nothing else', async () => {
    service.sandbox.behaviour.delayMs = 300;
    const agent = new Agent({ keepAlive: true });
    const sent = request(`${service.url}${SESSION_PAGE}`, { agent });
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    const slow = request(`${service.url}/v1/providers`, { agent, headers });
    const answers = Promise.all(
      [sent, slow].map((each) => once(each.end(), 'response') as Promise<[IncomingMessage]>),
    );
    await isWaitingForTerra();
    const closed = stop();
    const statuses = (await answers).map(([answer]) => answer.resume().statusCode);
    expect(statuses).toEqual([404, 200]);
    await closed;
    expectPrompt();
    agent.destroy();
  });

  it('serves the first request of a connection that was opened just before', async () => {
    const socket = await openConnection();
    const received: string[] = [];
    socket.on('data', (chunk: Buffer) => received.push(chunk.toString()));
    const ended = once(socket, 'close');
    const closed = stop();
    const server = service.app.getHttpServer();
    expect(await becomesTrue(() => !server.listening, 8_000, 1)).toBe(true);
    socket.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await ended;
    expect(received.join('')).toMatch(/^HTTP\/1\.1 200 .*\r\nconnection: close\r\n/is);
    await closed;
    expectPrompt();
  });

  it('ends each connection with its next answer from the start of the drain, also for requests in progress', async () => {
    service.sandbox.behaviour.delayMs = 300;
    const agent = new Agent({ keepAlive: true });
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    const [before] = (await once(get(`${service.url}${SESSION_PAGE}`, { agent }), 'response')) as [
      IncomingMessage,
    ];
    expect(before.resume().headers.connection).toBe('keep-alive');

    const inProgress = once(get(`${service.url}/v1/providers`, { headers }), 'response');
    await isWaitingForTerra();
    service.app.get(Drain, { strict: false }).begin();
    const later = once(get(`${service.url}${SESSION_PAGE}`, { agent }), 'response');
    for (const [answer] of (await Promise.all([inProgress, later])) as [IncomingMessage][]) {
      expect(answer.resume().headers.connection).toBe('close');
    }
    await stop();
    agent.destroy();
  });
});

describe('R10: the process', () => {
  let database: TestDatabase;
  let folder: string;
  let services: ServiceProcess[];
  beforeAll(async () => {
    database = await createTestDatabase();
    folder = mkdtempSync(join(tmpdir(), 'shutdown-'));
    services = [];
  });
  afterAll(async () => {
    await Promise.all(services.map(({ program }) => program.kill()));
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  const logFile = (name: string): string => join(folder, `${name}.log`);
  const start = async (name: string, environment: Record<string, string>): Promise<ServiceProcess> => {
    const service = await ServiceProcess.start({
      databaseUrl: database.url,
      logFile: logFile(name),
      environment,
    });
    services.push(service);
    return service;
  };
  const logLines = (name: string, event: string): Record<string, unknown>[] =>
    readFileSync(logFile(name), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line.event === event);

  it('drains after SIGTERM: it is not ready and says why, but serves every request; a second signal ends it at once', async () => {
    const service = await start('drain', { SHUTDOWN_DRAIN_SECONDS: '600' });
    process.kill(service.program.pid, 'SIGTERM');
    const isNotReady = async () => (await callApi(service.url, 'GET', '/health/ready')).status === 503;
    expect(await becomesTrue(isNotReady, 10_000)).toBe(true);
    expect(await callApi(service.url, 'GET', '/health/ready')).toMatchObject({
      body: { code: 'health.not_ready', checks: { process: { status: 'down', reason: 'shutting_down' } } },
    });
    const answer = await callApi(service.url, 'GET', '/v1/connections?referenceId=user-1', {
      key: STAGE_API_KEY,
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('connection')).toBe('close');

    process.kill(service.program.pid, 'SIGTERM');
    expect(await service.program.exited).toBe('exit code 143');
    expect(logLines('drain', 'service.stopped')).toEqual([
      expect.objectContaining({ reason: 'SIGTERM', outcome: 'second_signal' }),
    ]);
  });

  it('writes one log line at its start and one at its end, and listens on IPv4 and IPv6', async () => {
    const service = await start('lines', { SHUTDOWN_DRAIN_SECONDS: '1' });
    const { port } = new URL(service.url);
    expect((await callApi(`http://127.0.0.1:${port}`, 'GET', '/health/live')).status).toBe(200);
    const [started, ...more] = logLines('lines', 'service.started');
    expect(more).toEqual([]);
    const common = {
      version: VERSION,
      node: process.versions.node,
      durationMs: expect.any(Number) as unknown,
    };
    expect(started).toMatchObject(common);
    if (started?.address === `[::]:${port}`) {
      expect((await callApi(`http://[::1]:${port}`, 'GET', '/health/live')).status).toBe(200);
    } else {
      // A machine without IPv6.
      expect(started?.address).toBe(`0.0.0.0:${port}`);
    }

    process.kill(service.program.pid, 'SIGTERM');
    expect(await service.program.exited).toBe('exit code 0');
    const stopped = logLines('lines', 'service.stopped');
    expect(stopped).toEqual([expect.objectContaining({ ...common, reason: 'SIGTERM', outcome: 'complete' })]);
    expect(stopped[0]?.durationMs).toBeGreaterThanOrEqual(1_000);
  });
});
