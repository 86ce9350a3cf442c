/* eslint-disable max-lines -- The start of a host on both platforms is slow, so all its guarantees share one. */
import { Body, Controller, Get, Injectable, Module, Post, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  ConnectionsService,
  ConnectSessionsService,
  TERRA_CONNECT_ENTITIES,
  TERRA_CONNECT_MIGRATIONS,
  TerraAuthModule,
  type ConnectSessionWithOutcome,
  type TerraConnectOptions,
} from '../src';
import type { Sandbox } from '../sandbox';
import { BodyBudget } from '../src/http';
import { ADMIN_KEY, callApi } from './support/app';
import { createTestDatabase, type TestDatabase } from './support/database';
import { hostOptions } from './support/host';
import { connectThroughWidget, startTestSandbox } from './support/sandbox';
import { signatureHeader } from './support/webhooks';
import { nowInSeconds, postWebhook } from './support/webhooks';

const MEGABYTE = 1024 * 1024;

/** A service of the host application, with our services injected. */
@Injectable()
class CheckIn {
  constructor(
    private readonly sessions: ConnectSessionsService,
    private readonly connections: ConnectionsService,
  ) {}

  start(): Promise<ConnectSessionWithOutcome> {
    return this.sessions.create(
      { referenceId: 'guest-1', metadata: { room: 7 } },
      { idempotencyKey: 'guest-1' },
    );
  }

  async countDevices(): Promise<number> {
    return (await this.connections.list({ referenceId: 'guest-1', limit: 10 })).items.length;
  }
}

@Controller('host')
class HostController {
  constructor(private readonly checkIn: CheckIn) {}

  @Get('devices')
  async devices(): Promise<{ count: number }> {
    return { count: await this.checkIn.countDevices() };
  }

  /** A public route that echoes any JSON. The module must not change that. */
  @Post('echo')
  echo(@Body() body: unknown): unknown {
    return body;
  }
}

describe.each([
  ['Fastify', (): FastifyAdapter => new FastifyAdapter()],
  ['Express', (): ExpressAdapter => new ExpressAdapter()],
])('TerraAuthModule in a host application on %s', (_platform, newAdapter) => {
  let sandbox: Sandbox;
  let database: TestDatabase;
  let app: INestApplication;
  let url: string;

  const options = (): TerraConnectOptions => hostOptions(sandbox);

  beforeAll(async () => {
    sandbox = await startTestSandbox();
    database = await createTestDatabase();
    // The host's database has none of our tables yet; the host's own migration run creates them.
    await database.query('DROP SCHEMA terra_connect CASCADE');

    @Module({
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          entities: TERRA_CONNECT_ENTITIES,
          migrations: TERRA_CONNECT_MIGRATIONS,
          migrationsRun: true,
        }),
        TerraAuthModule.forRootAsync({
          useFactory: () => ({
            ...options(),
            workersEnabled: true,
            bootstrapApiKey: ADMIN_KEY,
            bodyBudgetMb: 16,
          }),
        }),
      ],
      controllers: [HostController],
      providers: [CheckIn],
    })
    class HostModule {}

    app = await NestFactory.create(HostModule, newAdapter() as FastifyAdapter, { logger: ['error'] });
    await app.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}`;
    sandbox.setWebhookUrl(`${url}/webhooks/terra`);
  });

  afterAll(async () => {
    await app.close();
    await sandbox.close();
    await database.drop();
  });

  const devices = async (): Promise<unknown> =>
    (await callApi(url, 'GET', '/host/devices', { key: null })).body;

  it('links a device by signed webhook after the host has created a session through the injected service', async () => {
    const { session } = await app.get(CheckIn).start();
    await connectThroughWidget(session.widgetUrl ?? '', { provider: 'GARMIN' });
    await sandbox.idle();
    expect(sandbox.deliveries.every(({ attempts }) => attempts.length === 1)).toBe(true);
    await eventually(async () => expect(await devices()).toEqual({ count: 1 }));
  });

  it('leaves the start page to the host', async () => {
    for (const accept of ['text/html', '*/*'])
      expect((await fetch(url, { headers: { accept } })).status).toBe(404);
  });

  it('applies an idempotency key without an API key', async () => {
    const [first, second] = [await app.get(CheckIn).start(), await app.get(CheckIn).start()];
    expect(second.session.id).toBe(first.session.id);
  });

  it('protects its own routes and answers errors with problem documents', async () => {
    const closed = await callApi(url, 'GET', '/v1/connections', { key: null });
    expect(closed.status).toBe(401);
    expect(closed.headers.get('content-type')).toContain('application/problem+json');
    expect(closed.body).toMatchObject({ code: 'auth.missing_key' });
    const open = await callApi<{ items: unknown[] }>(url, 'GET', '/v1/connections?referenceId=guest-1');
    expect(open.body.items).toHaveLength(1);
    const rejected = await callApi(url, 'POST', '/v1/connect-sessions', {
      body: { referenceId: 'a', extra: 1 },
    });
    expect(rejected.body).toMatchObject({ code: 'request.invalid', errors: [{ field: 'extra' }] });
  });

  it("leaves the host's routes, parsers and errors unchanged", async () => {
    const echo = await callApi(url, 'POST', '/host/echo', { body: { any: ['thing'] }, key: null });
    expect(echo).toMatchObject({ status: 201, body: { any: ['thing'] } });
    const malformed = await callApi(url, 'POST', '/host/echo', {
      body: '{',
      headers: { 'content-type': 'application/json' },
      key: null,
    });
    expect(malformed.status).toBe(400);
    expect(malformed.headers.get('content-type')).not.toContain('problem');
    const tooLarge = await callApi(url, 'POST', '/host/echo', {
      body: { a: 'x'.repeat(2_000_000) },
      key: null,
    });
    expect(tooLarge.status).toBe(413);
  });

  it('rejects an unsigned webhook, one that is not JSON, and one that is too large', async () => {
    const forged = await callApi(url, 'POST', '/webhooks/terra', { body: 'not json', key: null });
    expect(forged).toMatchObject({ status: 401, body: { code: 'webhook.signature_refused' } });
    const huge = await callApi(url, 'POST', '/webhooks/terra', {
      body: 'x'.repeat(16 * 1024 * 1024),
      headers: { 'x-terra-signature': `t=1,v1=${'0'.repeat(64)}` },
      key: null,
    });
    expect(huge.status).toBe(413);
  });

  it('T-21: rejects a webhook without a signature before its body arrives', async () => {
    const headers = { 'content-type': 'application/json', 'content-length': 10_000_000 };
    const sent = request(`${url}/webhooks/terra`, { method: 'POST', headers });
    sent.flushHeaders();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(401);
    sent.destroy();
  });

  it('T-21: rejects a large webhook with an old time before its body arrives', async () => {
    const headers = { 'x-terra-signature': `t=1,v1=${'0'.repeat(64)}`, 'content-length': 10_000_000 };
    const sent = request(`${url}/webhooks/terra`, { method: 'POST', headers });
    sent.flushHeaders();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(401);
    sent.destroy();
  });

  it('T-21: rejects a large webhook while others use up the memory for bodies, and accepts a small one', async () => {
    const headers = {
      'x-terra-signature': `t=${nowInSeconds()},v1=${'0'.repeat(64)}`,
      'transfer-encoding': 'chunked',
    };
    const holder = request(`${url}/webhooks/terra`, { method: 'POST', headers });
    holder.on('error', () => undefined);
    holder.write(Buffer.alloc(14 * MEGABYTE));
    const budget = app.get(BodyBudget, { strict: false });
    await eventually(() => Promise.resolve(expect(budget.usedBytes).toBeGreaterThan(13 * MEGABYTE)));
    const large = JSON.stringify({ type: 'daily', padding: 'x'.repeat(5 * MEGABYTE) });
    for (const sent of [{}, { headers: { 'transfer-encoding': 'chunked' } }]) {
      const answer = await postWebhook({ url }, large, sent);
      expect(answer).toMatchObject({ status: 503, json: { code: 'request.too_many_bodies' } });
    }
    expect((await postWebhook({ url }, { type: 'healthcheck' })).status).toBe(200);
    // A body without an end is read only up to the limit.
    const answered = once(holder, 'response') as Promise<[IncomingMessage]>;
    holder.write(Buffer.alloc(2 * MEGABYTE));
    expect((await answered)[0].statusCode).toBe(413);
    await eventually(() => Promise.resolve(expect(budget.usedBytes).toBe(0)));
    expect((await postWebhook({ url }, large)).status).toBe(200);
    holder.destroy();
  });

  it('does not use up the callback nonce for a HEAD request', async () => {
    const { session } = await app.get(ConnectSessionsService).create({ referenceId: 'guest-2' });
    const callback = await connectThroughWidget(session.widgetUrl ?? '', { provider: 'OURA' });
    const callbackUrl = `${url}${callback.pathname}${callback.search}`;
    const statusAfter = async (method: string): Promise<string | null> => {
      const { headers } = await fetch(callbackUrl, { method, redirect: 'manual' });
      return new URL(headers.get('location') ?? '').searchParams.get('status');
    };
    expect(await statusAfter('HEAD')).toBe('pending');
    expect(await statusAfter('GET')).toBe('connected');
  });

  it('accepts a slash after the webhook URL, and rejects a compressed webhook with 415', async () => {
    const body = JSON.stringify({ type: 'healthcheck' });
    const headers = { 'x-terra-signature': signatureHeader(body) };
    const post = (path: string, encoding: Record<string, string> = {}) =>
      callApi(url, 'POST', path, { body, headers: { ...headers, ...encoding }, key: null });
    expect((await post('/webhooks/terra/')).status).toBe(200);
    expect(await post('/webhooks/terra', { 'content-encoding': 'gzip' })).toMatchObject({
      status: 415,
      body: { code: 'request.unsupported_content_encoding' },
    });
  });

  it('T-21: rejects an unsigned webhook by its headers also with a slash after the URL', async () => {
    const headers = { 'content-type': 'application/json', 'content-length': 10_000_000 };
    const sent = request(`${url}/webhooks/terra/`, { method: 'POST', headers });
    sent.flushHeaders();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(401);
    sent.destroy();
  });

  it('rejects URLs that are not UTF-8, reads every reference id by query, and forbids caches to store it', async () => {
    const encoded = await callApi(url, 'GET', '/v1/connections?referenceId=Zo%eb');
    expect(encoded).toMatchObject({ status: 400, body: { code: 'request.malformed' } });
    const diagnosis = await callApi(url, 'GET', '/v1/end-users/diagnosis?referenceId=clinic%2F4711');
    expect(diagnosis.status).toBe(200);
    expect(diagnosis.headers.get('cache-control')).toBe('no-store');
    const erasure = await callApi(url, 'DELETE', '/v1/end-users/guest-9/');
    expect(erasure.status).not.toBe(202);
  });

  it.each([
    { referenceId: '' },
    { referenceId: '..' },
    { referenceId: 'Zo\uFFFD' },
    { referenceId: 'null' },
    { referenceId: 'a\nb' },
    { referenceId: 'a', metadata: { n: '\0' } },
  ])('rejects the request %j from the host, like the same request from a caller', async (request) => {
    await expect(app.get(ConnectSessionsService).create(request)).rejects.toMatchObject({
      code: 'request.invalid',
    });
  });

  it('rejects metadata from the host that is nested too deeply or contains itself', async () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) as unknown;
    for (const metadata of [loop, { deep }]) {
      const created = app.get(ConnectSessionsService).create({ referenceId: 'a', metadata });
      await expect(created).rejects.toMatchObject({ code: 'request.invalid' });
    }
  });

  it('rejects options that accept forged signatures, and names the invalid ones', async () => {
    const module = TerraAuthModule.forRoot({
      ...options(),
      publicUrl: 'http://localhost:9/',
      terra: { ...options().terra, signingSecrets: [''] },
      outgoing: { httpsProxy: 'proxy.internal:3128' },
    });
    const databaseModule = TypeOrmModule.forRoot({
      type: 'postgres',
      url: database.url,
      entities: TERRA_CONNECT_ENTITIES,
    });
    await expect(Test.createTestingModule({ imports: [databaseModule, module] }).compile()).rejects.toThrow(
      /publicUrl must not end with a slash; terra\.signingSecrets must list.*outgoing\.httpsProxy must be/,
    );
  });

  it('works in a Nest testing module, which chooses the platform last, and with autoLoadEntities', async () => {
    const module = await Test.createTestingModule({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url, autoLoadEntities: true }),
        TerraAuthModule.forRoot(options()),
      ],
    }).compile();
    const second = module.createNestApplication(newAdapter() as FastifyAdapter);
    await second.listen(0, '127.0.0.1');
    const { port } = (second.getHttpServer() as { address(): AddressInfo }).address();
    sandbox.setWebhookUrl(`http://127.0.0.1:${port}/webhooks/terra`);
    sandbox.emit({ type: 'healthcheck' });
    await sandbox.idle();
    expect(sandbox.deliveries.at(-1)?.attempts.map(({ status }) => status)).toEqual([200]);
    await second.close();
  });
});

async function eventually(assertion: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
