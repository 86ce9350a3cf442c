import { COMPLETE_ENVIRONMENT } from './support/environment';
import { startTestApp, type TestApp } from './support/app';
import { cli } from './support/command-line';
import { newReference } from './support/flow';
import { closeAll } from './support/terra-client';
import { appendEvent, deliver, startWebhookReceiver, verify } from './support/webhook-receiver';

// Each command is a process.
jest.setTimeout(120_000);

describe('terra-connect endpoint', () => {
  let service: TestApp;
  let env: Record<string, string>;
  beforeAll(async () => {
    service = await startTestApp({ OUTBOUND_ALLOW_PRIVATE: 'true' });
    env = { ...COMPLETE_ENVIRONMENT, DATABASE_URL: service.databaseUrl, OUTBOUND_ALLOW_PRIVATE: 'true' };
  });
  afterEach(closeAll);
  afterAll(() => service.close());

  it('creates, lists, tests, rotates, repeats, changes and deletes an endpoint', async () => {
    const receiver = await startWebhookReceiver();
    const endpoint = (...args: string[]) => cli(['endpoint', ...args], env);
    const created = await endpoint(
      'create',
      '--url',
      receiver.url,
      '--types',
      'connection.*,end_user.erased',
    );
    expect(created).toMatchObject({ code: 0, stderr: '' });
    const read = (name: string, text: string): string =>
      new RegExp(`^${name}: +(.+)$`, 'm').exec(text)?.[1] ?? '';
    const [id, secret] = [read('id', created.stdout), read('secret', created.stdout)];

    expect(await endpoint('test', id)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^accepted after \d+ ms\n$/) as string,
    });
    expect(verify(receiver.received[0]!, secret)).toMatchObject({ type: 'endpoint.test' });

    const event = await appendEvent(service, newReference());
    await deliver(service);
    expect(await endpoint('repeat', id, '--event', event)).toMatchObject({
      code: 0,
      stdout: 'repeated: 1\n',
    });
    expect((await endpoint('repeat', id, '--from', '2026-01-01')).stdout).toBe('repeated: 1\n');
    await deliver(service);
    expect(receiver.received.map((request) => request.event.id).slice(1)).toEqual([event, event]);

    const rotated = await endpoint('rotate', id, '--overlap-hours', '1');
    expect(read('secret', rotated.stdout)).toMatch(/^whsec_/);
    receiver.answer = (_, response) => response.writeHead(403).end();
    expect(await endpoint('test', id)).toMatchObject({
      code: 1,
      stderr: 'terra-connect: The endpoint has not accepted the test event: 403.\n',
    });

    expect(await endpoint('update', id, '--disable')).toMatchObject({ code: 0, stdout: `updated ${id}\n` });
    const list = await endpoint('list');
    expect(list.stdout).toContain('disabled: requested');
    for (const shown of [secret, read('secret', rotated.stdout)]) expect(list.stdout).not.toContain(shown);
    expect((await endpoint('delete', id)).code).toBe(1);
    expect(await endpoint('delete', id, '--yes')).toMatchObject({ code: 0, stdout: `deleted ${id}\n` });
    expect((await endpoint('list')).stdout).toBe('There are no webhook endpoints.\n');
  });

  it('names the option that is wrong, and does nothing', async () => {
    const url = 'https://hooks.example.com/terra';
    const wrong = await cli(['endpoint', 'create', '--url', url, '--types', 'connection.exploded'], env);
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toContain('--types must hold types of events');
    const hostile = await cli(['endpoint', 'create', '--url', 'https://u:p@x.com/', '--types', '*'], env);
    expect(hostile).toMatchObject({ code: 2, stdout: '' });
    expect(hostile.stderr).toContain('--url must not contain a user name');
    expect(await service.query('SELECT FROM terra_connect.event_endpoints WHERE deleted_at IS NULL')).toEqual(
      [],
    );
  });
});
