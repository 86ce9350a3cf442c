import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { becomesTrue } from '../local/waiting';
import { ServiceProcess, STAGE_CREDENTIALS } from './stage/service-process';
import { createTestDatabase, type TestDatabase } from './support/database';
import { newReference } from './support/flow';
import { nowInSeconds, postWebhook, signatureHeader, type WebhookOptions } from './support/webhooks';

const PROCESSES = 3;
const COPIES = 50;
const SECRET = STAGE_CREDENTIALS.signingSecret;

// Three services start on a machine that runs other tests as well.
jest.setTimeout(120_000);

interface Row {
  status: string;
  attempts: number;
  note: string | null;
}

describe('Three processes on one database', () => {
  let folder: string;
  let database: TestDatabase;
  let services: ServiceProcess[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'terra-connect-processes-'));
    database = await createTestDatabase();
    // By default, Postgres looks for deadlocks after one second. This wait would be most of the cost of a deadlock.
    await database.query(
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = 50', current_database()); END $$`,
    );
    services = await Promise.all(
      Array.from({ length: PROCESSES }, (_, index) =>
        ServiceProcess.start({ databaseUrl: database.url, logFile: logOf(index) }),
      ),
    );
  });
  afterAll(async () => {
    await Promise.all(services.map(({ program }) => program.stop()));
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  const logOf = (index: number): string => join(folder, `service-${index}.log`);
  const count = async (from: string, values: unknown[]): Promise<number> =>
    (await database.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${from}`, values))[0]
      ?.count ?? NaN;
  const waitUntilProcessed = async (): Promise<void> => {
    const nonePending = async (): Promise<boolean> =>
      (await count(`terra_connect.webhook_events WHERE status = 'pending'`, [])) === 0;
    expect(await becomesTrue(nonePending, 60_000, 50)).toBe(true);
  };
  const userOf = (referenceId: string, userId: string) => ({
    user_id: userId,
    provider: 'GARMIN',
    reference_id: referenceId,
    scopes: 'daily,sleep',
  });
  const authOf = (referenceId: string, userId: string) => ({
    type: 'auth',
    status: 'success',
    user: userOf(referenceId, userId),
  });

  /** Posts all events in parallel, to each process in turn. @returns the distinct HTTP statuses */
  const postAll = async (
    events: object[],
    optionsOf: (index: number) => WebhookOptions,
  ): Promise<number[]> => {
    const answers = await Promise.all(
      events.map((event, index) =>
        postWebhook(services[index % PROCESSES] as ServiceProcess, event, {
          secret: SECRET,
          ...optionsOf(index),
        }),
      ),
    );
    for (const { text } of answers) expect(text).not.toContain('40P01');
    return [...new Set(answers.map(({ status }) => status))];
  };

  it.each<[what: string, optionsOf: (body: string) => (index: number) => WebhookOptions]>([
    [
      'byte for byte',
      (body) => {
        const same = { traceId: randomUUID(), signature: signatureHeader(body, nowInSeconds(), SECRET) };
        return () => same;
      },
    ],
    [
      'each with its own trace id (T-07)',
      (body) => {
        const signature = signatureHeader(body, nowInSeconds(), SECRET);
        return () => ({ traceId: randomUUID(), signature });
      },
    ],
    [
      'each with its own signature (T-06)',
      () => {
        const [traceId, now] = [randomUUID(), nowInSeconds()];
        return (index) => ({ traceId, timestamp: now - index });
      },
    ],
  ])('T-14: 50 copies of one delivery, %s, over 3 processes have one effect', async (_, optionsOf) => {
    const [referenceId, userId] = [newReference(), randomUUID()];
    const event = authOf(referenceId, userId);
    const before = await count('terra_connect.webhook_events', []);
    const statuses = await postAll(
      Array.from({ length: COPIES }, () => event),
      optionsOf(JSON.stringify(event)),
    );
    expect(statuses).toEqual([200]);
    expect(await count('terra_connect.webhook_events', [])).toBe(before + 1);
    await waitUntilProcessed();
    expect(await count('terra_connect.connections WHERE reference_id = $1', [referenceId])).toBe(1);
    expect(await count('terra_connect.connection_identities WHERE terra_user_id = $1', [userId])).toBe(1);
  });

  it('T-15: every crossing swap is processed: the service retries after a deadlock, which counts as no failed attempt', async () => {
    const endUsers = Array.from({ length: 60 }, () => {
      const referenceId = newReference();
      return { referenceId, users: [0, 1].map(() => userOf(referenceId, randomUUID())) };
    });
    const swaps = (from: number, to: number): object[] =>
      endUsers.map(({ users }) => ({
        type: 'user_reauth',
        status: 'warning',
        old_user: users[from],
        new_user: users[to],
        flow_id: randomUUID(),
      }));
    const auths = endUsers.flatMap(({ referenceId, users }) =>
      users.map((user) => authOf(referenceId, user.user_id)),
    );
    // Every second pass is reversed, so that batches of two processes take the same locks in opposite orders.
    const events = [
      ...auths,
      ...swaps(0, 1),
      ...swaps(1, 0).reverse(),
      ...swaps(0, 1),
      ...swaps(1, 0).reverse(),
    ];
    const prefix = randomUUID();
    const occurredAt = Date.now() - 60_000;
    const statuses = await postAll(events, (index) => ({
      traceId: `${prefix}-${index}`,
      occurredAt: new Date(occurredAt + index),
    }));
    expect(statuses).toEqual([200]);
    await waitUntilProcessed();

    const rows = await database.query<Row>(
      `SELECT status, attempts, note FROM terra_connect.webhook_events WHERE trace_id LIKE $1`,
      [`${prefix}-%`],
    );
    expect(rows).toHaveLength(events.length);
    const failed = rows.filter(
      ({ status, attempts }) => attempts > 0 || !['done', 'ignored', 'parked'].includes(status),
    );
    expect(failed).toEqual([]);
    const accounts = `terra_connect.connections WHERE merged_into IS NULL AND reference_id = ANY($1)`;
    expect(await count(accounts, [endUsers.map(({ referenceId }) => referenceId)])).toBe(endUsers.length);
    for (const index of services.keys())
      expect(readFileSync(logOf(index), 'utf8')).not.toMatch(/40P01|deadlock/);

    const [statistics] = await database.query<{ deadlocks: number }>(
      `SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()`,
    );
    // The number of deadlocks depends on timing. The assertion only proves that the statement counts them.
    expect(statistics?.deadlocks).toBeGreaterThanOrEqual(0);
    process.stdout.write(
      `crossing swaps: ${events.length} events, ${statistics?.deadlocks} deadlocks resolved\n`,
    );
  });

  it('an event that a process with a clock two hours ahead stores is processed by the others at once', async () => {
    const ahead = await ServiceProcess.start({
      databaseUrl: database.url,
      logFile: logOf(PROCESSES),
      environment: {
        NODE_OPTIONS: `--require ${join(__dirname, 'support', 'clock-two-hours-ahead.cjs')}`,
        WORKERS_ENABLED: 'false',
        // Without it, a process with a wrong clock would reject the signature and store nothing.
        TERRA_SIGNATURE_TOLERANCE_SECONDS: '86400',
      },
    });
    try {
      const referenceId = newReference();
      const answer = await postWebhook(ahead, authOf(referenceId, randomUUID()), { secret: SECRET });
      expect(answer.status).toBe(200);
      await waitUntilProcessed();
      const [row] = await database.query<{ ageSeconds: number }>(
        `SELECT extract(epoch FROM now() - received_at)::float8 AS "ageSeconds"
         FROM terra_connect.webhook_events ORDER BY received_at DESC LIMIT 1`,
      );
      expect(Math.abs(row?.ageSeconds ?? NaN)).toBeLessThan(60);
      expect(await count('terra_connect.connections WHERE reference_id = $1', [referenceId])).toBe(1);
      expect(readFileSync(logOf(PROCESSES), 'utf8')).toMatch(
        /"event":"clock.corrected","seconds":-7[12]\d\d/,
      );
    } finally {
      await ahead.program.stop();
    }
  });
});
