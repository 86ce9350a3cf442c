import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expectedOf } from './crash/expectation';
import type { EventSequence } from './crash/event-sequences';
import { bodyOf } from './crash/terra-events';
import { hasPassed, checkEvidence } from './crash/check';
import { EvidenceReader } from './crash/evidence-reader';
import { CrashingPostgres } from './stage/crashing-postgres';
import { migrate, ServiceProcess, STAGE_API_KEY, STAGE_CREDENTIALS } from './stage/service-process';
import { deadlineIn, TerraSender, type Delivery } from './stage/terra-sender';
import { callApi, startTestApp, type TestApp } from './support/app';
import { connectThroughWidget, startTestSandbox } from './support/sandbox';

// A caller whose request was cut off waits half a minute for its Idempotency-Key; see connect-sessions.service.
jest.setTimeout(120_000);

describe('R7: an outage of Postgres', () => {
  let dataDir: string;
  let postgres: CrashingPostgres;
  let databaseUrl: string;

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'outage-'));
    // Durable: a server that does not wait for the disk loses acknowledged commits when it is killed.
    postgres = await CrashingPostgres.start({ dataDir, durable: true });
    databaseUrl = await postgres.database('service');
    await migrate(databaseUrl, join(dataDir, 'migration.log'));
  });
  afterAll(async () => {
    await postgres.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  describe('while an end user connects', () => {
    let service: TestApp;
    beforeAll(async () => (service = await startTestApp({ DATABASE_URL: databaseUrl })));
    afterAll(() => service.close());

    it('leads to 503 with Retry-After, never to a false 2xx, and the flow continues when Postgres runs again', async () => {
      const { body: session } = await service.api<{ id: string; widgetUrl: string; connectUrl: string }>(
        'POST',
        '/v1/connect-sessions',
        { body: { referenceId: 'person' } },
      );
      await postgres.stop();

      const callbackUrl = await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
      const answers = {
        sessions: await service.api('POST', '/v1/connect-sessions', { body: { referenceId: 'other' } }),
        connections: await service.api('GET', '/v1/connections'),
        ready: await service.api('GET', '/health/ready'),
      };
      for (const { status, headers } of Object.values(answers)) {
        expect(status).toBe(503);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      }
      expect(answers.connections.body).toMatchObject({ code: 'database.unavailable' });
      expect((await service.api('GET', '/health/live')).status).toBe(200);
      expect((await service.api('GET', '/metrics')).status).toBe(200);

      const page = await fetch(callbackUrl, { redirect: 'manual' });
      expect(page.status).toBe(503);
      expect(await page.text()).toContain('Something went wrong');
      const statuses = service.sandbox.deliveries.flatMap(({ attempts }) =>
        attempts.map(({ status }) => status),
      );
      expect(statuses.length).toBeGreaterThan(0);
      expect(new Set(statuses)).toEqual(new Set([503]));

      await postgres.restart();
      await service.drainWebhooks();
      const connections = await service.api<{ items: unknown[] }>(
        'GET',
        '/v1/connections?referenceId=person',
      );
      expect(connections.body.items).toMatchObject([{ provider: 'GARMIN', status: 'active' }]);
      // The failed visit has not used up the nonce.
      const again = await fetch(callbackUrl, { redirect: 'manual' });
      expect(again.headers.get('location')).toContain('status=connected');
    });
  });

  describe('during a stream of webhooks and session creations', () => {
    const DELIVERIES = 400;
    const SESSIONS = 80;
    const STREAM_MS = 3_000;
    const AWAY_MS = 2_000;
    // A 503 lasts for a moment. The Idempotency-Key of a request that was cut off stays in use for half a minute.
    const PAUSE_MS = { unavailable: 300, inFlight: 1_000 };

    interface Answer {
      status: number;
      retryAfter: string | null;
      code: unknown;
    }
    interface Outage {
      databaseUrl: string;
      service: ServiceProcess;
      sender: TerraSender;
      sequences: EventSequence[];
      sessionAnswers: Answer[];
      sessionIds: string[];
      deadline: AbortSignal;
    }
    type Kind = 'killed' | 'stopped';
    // How to stop each started part, in the order of the starts.
    const started: (() => Promise<unknown>)[] = [];

    /** Repeats the request until the session is created, as a caller with an Idempotency-Key may. */
    const createSession = async (url: string, referenceId: string, answers: Answer[]): Promise<string> => {
      for (;;) {
        const { status, headers, body } = await callApi<{ id: string; code?: unknown }>(
          url,
          'POST',
          '/v1/connect-sessions',
          { key: STAGE_API_KEY, headers: { 'idempotency-key': referenceId }, body: { referenceId } },
        );
        answers.push({ status, retryAfter: headers.get('retry-after'), code: body.code });
        if (status === 201) return body.id;
        await sleep(body.code === 'idempotency.in_flight' ? PAUSE_MS.inFlight : PAUSE_MS.unavailable);
      }
    };
    const sequenceOf = (referenceId: string): EventSequence => ({
      referenceId,
      provider: 'GARMIN',
      events: [{ type: 'auth', user: `terra-${referenceId}`, scopes: ['daily'] }],
    });
    const deliveryOf = (sequence: EventSequence): Delivery => {
      const traceId = sequence.referenceId;
      return {
        traceId,
        body: bodyOf(sequence.events[0]!, sequence, traceId),
        occurredAt: Date.now() - 60_000,
      };
    };
    /** Starts the calls evenly over the time of the stream, without waiting for their answers. */
    const stream = <T>(count: number, start: (index: number) => Promise<T>): Promise<T[]> =>
      Promise.all(
        Array.from({ length: count }, async (_, index) => {
          await sleep((STREAM_MS * index) / count);
          return start(index);
        }),
      );

    /**
     * Sends the stream to a new service, whose Postgres stops and restarts meanwhile.
     *
     * @param delivered called when every webhook is acknowledged; session creations can take longer
     */
    const runOutage = async (kind: Kind, delivered: () => void): Promise<Outage> => {
      const folder = join(dataDir, kind);
      const server = await CrashingPostgres.start({ dataDir: folder, durable: true });
      started.push(() => server.close());
      const databaseUrl = await server.database('stream');
      const logFile = join(folder, 'service.log');
      await migrate(databaseUrl, logFile);
      const sandbox = await startTestSandbox(STAGE_CREDENTIALS);
      started.push(() => sandbox.close());
      const environment = { TERRA_API_URL: sandbox.apiUrl, TERRA_WIDGET_URL: sandbox.widgetUrl };
      const service = await ServiceProcess.start({ databaseUrl, logFile, environment });
      started.push(() => service.program.stop());

      const sender = new TerraSender(() => service.url);
      const sequences = Array.from({ length: DELIVERIES }, (_, index) => sequenceOf(`${kind}-${index}`));
      const sessionAnswers: Answer[] = [];
      const deadline = deadlineIn(90_000);
      const [sessionIds] = await Promise.all([
        stream(SESSIONS, (index) => createSession(service.url, `caller-${kind}-${index}`, sessionAnswers)),
        stream(DELIVERIES, (index) => sender.deliver(deliveryOf(sequences[index]!), deadline)).then(
          delivered,
        ),
        sleep(STREAM_MS / 3).then(async () => {
          await (kind === 'killed' ? server.kill() : server.stop());
          await sleep(AWAY_MS);
          await server.restart();
        }),
      ]);
      return { databaseUrl, service, sender, sequences, sessionAnswers, sessionIds, deadline };
    };

    // The second outage starts while callers of the first one wait half a minute for their Idempotency-Key.
    let outages: Record<Kind, Promise<Outage>>;
    beforeAll(() => {
      let delivered = (): void => undefined;
      const isDelivered = new Promise<void>((resolve) => (delivered = resolve));
      const killed = runOutage('killed', delivered).finally(delivered);
      outages = { killed, stopped: isDelivered.then(() => runOutage('stopped', () => undefined)) };
      // The test of an outage reports its failure. Until that test runs, the rejection must not end the process.
      for (const outage of Object.values(outages)) outage.catch(() => undefined);
    });
    afterAll(async () => {
      await Promise.allSettled(Object.values(outages));
      for (const stop of started.reverse()) await stop();
    });

    it.each(['killed', 'stopped'] as const)(
      'loses nothing when Postgres is %s: every 2xx is kept, every rejection is a 503 with Retry-After, and the final state is correct',
      async (kind) => {
        const { databaseUrl, service, sender, sequences, sessionAnswers, sessionIds, deadline } =
          await outages[kind];
        // Without a 503, no request came during the outage, and the test would prove nothing.
        for (const answers of [sender.attempts, sessionAnswers]) {
          expect(answers.map(({ status }) => status)).toContain(503);
        }
        const rejections = [...sender.attempts, ...sessionAnswers].filter(
          ({ status }) => status !== 200 && status !== 201,
        );
        for (const rejection of rejections) {
          if ('code' in rejection && rejection.code === 'idempotency.in_flight') continue;
          // On a slow machine, the sandbox may answer a session creation too late. A webhook needs no answer of Terra.
          const isTimeoutOfTerra = 'code' in rejection && rejection.code === 'terra.timeout';
          expect(rejection).toMatchObject({
            status: isTimeoutOfTerra ? 504 : 503,
            retryAfter: expect.stringMatching(/^[1-9]/) as string,
          });
        }

        const reader = new EvidenceReader(databaseUrl, service.url);
        expect(await reader.waitUntilProcessed(deadline)).toBe(true);
        const evidence = await reader.read();
        const { acknowledged } = sender;
        expect(acknowledged.size).toBe(sequences.length);
        const result = checkEvidence(sequences.map(expectedOf), { acknowledged, ...evidence });
        expect(hasPassed(result) ? {} : result).toEqual({});

        expect(new Set(sessionIds).size).toBe(SESSIONS);
        for (const [index, id] of sessionIds.entries()) {
          const kept = await callApi(service.url, 'GET', `/v1/connect-sessions/${id}`, {
            key: STAGE_API_KEY,
          });
          const referenceId = `caller-${kind}-${index}`;
          expect(kept).toMatchObject({ status: 200, body: { id, referenceId, status: 'pending' } });
        }
      },
    );
  });
});
