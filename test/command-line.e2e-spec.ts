import { randomUUID } from 'node:crypto';
import { callApi, startTestApp, type TestApp } from './support/app';
import { cli, run, type Result } from './support/command-line';
import { createTestDatabase } from './support/database';
import { newReference } from './support/flow';
import { expectNoEffect } from './support/refusals';
import { postWebhook } from './support/webhooks';

// Each step starts a process, which is slow on a machine that runs other tests as well.
jest.setTimeout(90_000);

describe('terra-connect', () => {
  const COMMANDS = ['migrate', 'api-key', 'webhook-events', 'reconcile', 'sweep', 'doctor'];

  it('lists every command in its help', async () => {
    const { code, stdout } = await cli(['--help']);
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
  });
});

describe('terra-connect api-key', () => {
  let service: TestApp;
  let env: Record<string, string>;
  beforeAll(async () => {
    service = await startTestApp({ API_KEY_CACHE_SECONDS: '1' });
    env = { DATABASE_URL: service.databaseUrl };
  });
  afterAll(() => service.close());

  it('creates a working key, lists it without its secret, and revokes it in every process', async () => {
    const made = await cli(['api-key', 'create', '--name', 'billing', '--scopes', 'connections:read'], env);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const [key] = /tc_[\w-]{43}/.exec(made.stdout) ?? [''];
    const [id] = /[0-9a-f-]{36}/.exec(made.stdout) ?? [''];
    expect((await callApi(service.url, 'GET', '/v1/connections', { key })).status).toBe(200);
    expect((await callApi(service.url, 'GET', '/v1/providers', { key })).status).toBe(403);

    const list = await cli(['api-key', 'list'], env);
    expect(list.stdout).toContain('billing');
    expect(list.stdout).toContain('bootstrap');
    expect(list.stdout).not.toContain(key);
    expect(list.stdout).toMatch(/^ID +NAME +KEY +SCOPES +CREATED +LAST USED +REVOKED\n/);
    expect(list.stdout).not.toMatch(/index|[┌│'"]/);
    const json = JSON.parse((await cli(['api-key', 'list', '--json'], env)).stdout) as object[];
    expect(json).toContainEqual(expect.objectContaining({ id, name: 'billing', revokedAt: null }));

    expect((await cli(['api-key', 'revoke', id], env)).stdout).toContain(`revoked ${id}`);
    // The service remembers the key for a second. The test runner's time limit ends a wait that is too long.
    while ((await callApi(service.url, 'GET', '/v1/connections', { key })).status !== 401);
    expect(await cli(['api-key', 'revoke', id], env)).toMatchObject({
      code: 1,
      stderr: `terra-connect: There is no active API key ${id}.\n`,
    });
  });

  it('rejects an unknown scope and an empty name, and does nothing', async () => {
    const { code, stderr } = await cli(['api-key', 'create', '--name', 'x', '--scopes', 'everything'], env);
    expect(code).toBe(2);
    expect(stderr).toContain('There is no scope everything. Scopes: sessions:write');
    const nameless = await cli(['api-key', 'create', '--name', '', '--scopes', 'admin'], env);
    expect(nameless).toMatchObject({ code: 2, stdout: '' });
    expect(nameless.stderr).toContain('--name');
  });

  it('names the missing DATABASE_URL, and needs no variable of Terra', async () => {
    const { code, stderr } = await cli(['api-key', 'list']);
    expect(code).toBe(1);
    expect(stderr).toContain('DATABASE_URL is missing');
    expect(stderr).not.toContain('TERRA_');
  });

  it('reports an unreachable database without printing its password', async () => {
    const { code, stderr } = await cli(['api-key', 'list'], {
      DATABASE_URL: 'postgres://u:canary-7@127.0.0.1:1/x',
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^terra-connect: Postgres does not answer at DATABASE_URL \(.*ECONNREFUSED/);
    expect(stderr).not.toContain('canary-7');
  });
});

describe('terra-connect webhook-events', () => {
  let service: TestApp;
  let env: Record<string, string>;
  beforeAll(async () => {
    service = await startTestApp();
    env = { DATABASE_URL: service.databaseUrl, LOG_LEVEL: 'info' };
  });
  afterAll(() => service.close());

  const user = { user_id: randomUUID(), provider: 'GARMIN', reference_id: newReference() };
  const webhookEvents = (...args: string[]): Promise<Result> => cli(['webhook-events', ...args], env);
  /** Runs a command that must fail: the command prints only the reason, and changes nothing. */
  const fails = async (expected: number, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await expectNoEffect(service, () => webhookEvents(...args));
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    return stderr;
  };
  const rejected = (...args: string[]): Promise<string> => fails(2, ...args);

  it('lists events, shows one, and replays events unless it is a dry run', async () => {
    for (const type of ['auth', 'deauth']) {
      await postWebhook(service, { type, status: 'success', user });
      await service.drainWebhooks();
    }
    const filters = ['--user', user.user_id, '--status', 'done', '--from', '2020-01-01', '--type', 'auth'];
    const list = await webhookEvents('list', ...filters, '--limit', '10');
    expect(list).toMatchObject({ code: 0, stderr: '' });
    const ids = list.stdout.match(/^[0-9a-f-]{36}(?= {2}20)/gm) ?? [];
    expect(ids).toHaveLength(1);
    const [id = ''] = ids;

    const shown = await webhookEvents('show', id);
    expect(JSON.parse(shown.stdout)).toMatchObject({ id, type: 'auth', body: { user }, replays: 0 });

    const dry = await expectNoEffect(service, () => webhookEvents('replay', ...filters, '--dry-run'));
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toContain('Would be replayed: 1; already pending: 0.');
    expect(dry.stdout).toContain(id);

    const { stdout, stderr } = await webhookEvents('replay', '--user', user.user_id, '--limit', '1');
    expect(stdout).toContain('Replayed: 1; already pending: 0.');
    expect(stdout).toContain('Not replayed because of --limit: 1.');
    expect(JSON.parse(stderr)).toMatchObject({
      event: 'webhook_events.replayed',
      count: 1,
      actor: 'cli',
      by: ['terraUserId'],
    });
    expect((await webhookEvents('replay', id)).stdout).toContain('Replayed: 0; already pending: 1.');
    await service.drainWebhooks();
    const after = await service.api('GET', `/v1/webhook-events/${id}`);
    expect(after.body).toMatchObject({
      processedAt: expect.any(String) as string,
      replays: 1,
      replayedBy: 'cli',
    });
  });

  it('continues a long list at the cursor', async () => {
    const first = await webhookEvents('list', '--limit', '1');
    const [, cursor = ''] = /There are more: --cursor (\S+)/.exec(first.stdout) ?? [];
    const second = await webhookEvents('list', '--limit', '1', '--cursor', cursor);
    expect(first.stdout).toContain('deauth');
    expect(second.stdout).toContain('  auth  ');
    const json = await webhookEvents('list', '--limit', '1', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ items: [{ type: 'deauth' }], nextCursor: cursor });
    const none = await webhookEvents('list', '--type', 'never');
    expect(none.stdout).toBe('No webhook event matches.\n');
    expect(second.stdout).not.toContain('There are more');
  });

  it('rejects invalid arguments, and names them by their command-line option', async () => {
    const unknownId = randomUUID();
    expect(await rejected('list', '--status', 'alive')).toContain('--status must be one of pending, done');
    expect(await rejected('list', '--cursor', 'x')).toContain('--cursor is not a `nextCursor` of this list');
    expect(await fails(1, 'show', unknownId)).toBe(
      `terra-connect: There is no webhook event ${unknownId}.\n`,
    );
    expect(await rejected('replay')).toContain('ids must be given if there is no filter');
    expect(await fails(1, 'replay', unknownId)).toContain(`There is no webhook event ${unknownId}.`);
    expect(await rejected('replay', '--reference', 'null')).toContain(
      '--reference must not be the text "null"',
    );
    expect(await rejected('replay', '--status', 'dead_lettered', '--limit', 'all')).toContain(
      '--limit must be',
    );
  });

  it('names the missing DATABASE_URL, and needs no variable of Terra', async () => {
    const { code, stderr } = await cli(['webhook-events', 'list']);
    expect(code).toBe(1);
    expect(stderr).toContain('DATABASE_URL is missing');
    expect(stderr).not.toContain('TERRA_');
  });
});

describe('node dist/src/main', () => {
  it('does not start, lists every missing or malformed variable, and prints no value', async () => {
    const { code, stderr, stdout } = await run(['dist/src/main.js'], {
      PORT: '3000x',
      TERRA_API_KEY: 'change-me',
      TERRA_SIGNING_SECRETS: 'canary',
    });
    expect(code).toBe(1);
    const missing = ['PUBLIC_URL', 'DATABASE_URL', 'TERRA_DEV_ID'];
    for (const name of [...missing, 'PORT', 'TERRA_API_KEY', 'TERRA_SIGNING_SECRETS'])
      expect(stderr).toContain(`- ${name} `);
    for (const value of ['3000x', 'change-me', 'canary']) expect(stderr + stdout).not.toContain(value);
  });

  it('reports in one line that the database has no tables yet', async () => {
    const empty = await createTestDatabase();
    await empty.query('DROP SCHEMA terra_connect CASCADE');
    const { code, stderr } = await run(['dist/src/main.js'], {
      PORT: '0',
      PUBLIC_URL: 'http://localhost:3000',
      DATABASE_URL: empty.url,
      TERRA_DEV_ID: 'acme-testing-1',
      TERRA_API_KEY: 'key-1',
      TERRA_SIGNING_SECRETS: 'signing-secret-1',
      BOOTSTRAP_API_KEY: 'tc_bootstrap_0123456789',
      LOG_LEVEL: 'silent',
    });
    await empty.drop();
    expect(code).toBe(1);
    expect(stderr).toBe(
      'The service could not start: The database has no tables yet: run `node dist/src/cli.js migrate` first.\n',
    );
  });
});
