import { execFile, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { syntheticUser } from '../sandbox/account/synthetic-users';
import { startTestApp, type TestApp } from './support/app';
import { TEST_CREDENTIALS } from './support/sandbox';

// `npm run test:scale` sets a million.
const USERS = Number(process.env.SCALE_USERS ?? 20_000);
// The program itself needs half of this heap. A million users in memory would need several hundred MB and end the process.
const HEAP_MB = 128;
const UNKNOWN_HERE = 500;
const GONE_AT_TERRA = 500;
const CHANGES = UNKNOWN_HERE + GONE_AT_TERRA;
const PROVIDERS = 5;

jest.setTimeout(30 * 60_000);

describe(`A sweep over ${USERS.toLocaleString('en')} users`, () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  it(`finds the Terra users that differ, with a heap of ${HEAP_MB} MB`, async () => {
    service.sandbox.behaviour.syntheticUsers = USERS;
    await insertConnections(service, UNKNOWN_HERE, USERS + GONE_AT_TERRA);
    const startedAt = Date.now();
    const done = await run(['sweep']);
    const seconds = (Date.now() - startedAt) / 1_000;
    process.stdout.write(
      `${USERS} users: ${seconds.toFixed(1)} s, peak RSS ${done.peakMb.toFixed(0)} MB, heap limited to ${HEAP_MB} MB\n`,
    );
    expect(done.stdout).toContain(`users at Terra: ${USERS}\n`);
    expect(done.stdout).toContain(`changes found: ${CHANGES}, applied: ${CHANGES}\n`);
    expect(done.stdout).toMatch(new RegExp(`^ {2}link: ${UNKNOWN_HERE}$`, 'm'));
    expect(done.stdout).toMatch(new RegExp(`^ {2}mark_missing: ${GONE_AT_TERRA}$`, 'm'));
    expect(done.code).toBe(0);
  });

  const run = async (args: string[]): Promise<{ code: number; stdout: string; peakMb: number }> => {
    const env = {
      PATH: process.env.PATH ?? '',
      NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}`,
      PUBLIC_URL: service.url,
      DATABASE_URL: service.databaseUrl,
      TERRA_DEV_ID: TEST_CREDENTIALS.devId,
      TERRA_API_KEY: TEST_CREDENTIALS.apiKey,
      TERRA_SIGNING_SECRETS: TEST_CREDENTIALS.signingSecret,
      TERRA_API_URL: service.sandbox.apiUrl,
      TERRA_WIDGET_URL: service.sandbox.widgetUrl,
      // With few users, the changes are more than the tenth that a sweep allows, so this minimum allows them.
      SWEEP_SAFETY_THRESHOLD_MINIMUM: String(CHANGES),
    };
    const root = join(__dirname, '..');
    let stdout = '';
    let peakMb = 0;
    const child: ChildProcess = execFile(process.execPath, ['dist/src/cli.js', ...args], { cwd: root, env });
    child.stdout?.on('data', (text: string) => (stdout += text));
    child.stderr?.on('data', (text: string) => (stdout += text));
    const watch = setInterval(() => (peakMb = Math.max(peakMb, peakRssMb(child.pid))), 50);
    const code = await new Promise<number>((resolve) => child.once('close', (exit) => resolve(exit ?? -1)));
    clearInterval(watch);
    return { code, stdout, peakMb };
  };
});

/** The peak memory of the process as the kernel reports it, or 0 if the kernel does not report it. */
function peakRssMb(pid: number | undefined): number {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes ?? 0) / 1_024;
  } catch {
    return 0;
  }
}

/** Inserts connections that agree with the sandbox's generated users, from index `from` up to `to`, exclusively. */
async function insertConnections(service: TestApp, from: number, to: number): Promise<void> {
  const kinds = Array.from({ length: PROVIDERS }, (_, index) => syntheticUser(index));
  const caseOf = (values: string[], type: string): string =>
    `(ARRAY[${values.map((value) => `'${value}'`).join(', ')}])[1 + n % ${PROVIDERS}]::${type}`;
  const provider = caseOf(
    kinds.map((user) => user.provider),
    'text',
  );
  const scopes = caseOf(
    kinds.map((user) => `{${user.scopes.join(',')}}`),
    'text[]',
  );
  const terraUserId = `'00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0')`;
  const connectionId = `('01980000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;
  const linkedAt = `'2026-01-01T00:00:00Z'::timestamptz`;
  for (let start = from; start < to; start += 50_000) {
    const series = `generate_series(${start}, ${Math.min(start + 50_000, to) - 1}) AS n`;
    await service.query(`
      INSERT INTO terra_connect.connections (id, reference_id, provider, terra_user_id, origin_terra_user_id, status,
          status_at, scopes, connected_at, reconcile_at)
        SELECT ${connectionId}, 'synthetic-' || n, ${provider}, ${terraUserId}, ${terraUserId}, 'active',
          ${linkedAt}, ${scopes}, ${linkedAt}, now() FROM ${series}`);
    await service.query(`
      INSERT INTO terra_connect.connection_identities (terra_user_id, connection_id, reference_id, provider, cause,
          first_seen_at, linked_at)
        SELECT ${terraUserId}, ${connectionId}, 'synthetic-' || n, ${provider}, 'auth', ${linkedAt}, ${linkedAt}
          FROM ${series}`);
  }
  await service.query(`ANALYZE terra_connect.connections, terra_connect.connection_identities`);
}
