import { Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { AddressInfo } from 'node:net';
import { TERRA_CONNECT_ENTITIES, TerraAuthModule } from '../src';
import { Clock } from '../src/common';
import type { Sandbox } from '../sandbox';
import { ADMIN_KEY, callApi } from './support/app';
import { createTestDatabase, type TestDatabase } from './support/database';
import { hostOptions } from './support/host';
import { simultaneously, statusesOf } from './support/limits';
import { startTestSandbox } from './support/sandbox';
import { postWebhook } from './support/webhooks';

describe.each([
  ['Fastify', (): FastifyAdapter => new FastifyAdapter()],
  ['Express', (): ExpressAdapter => new ExpressAdapter()],
])('T-21: TerraAuthModule in a host application on %s', (_platform, newAdapter) => {
  let sandbox: Sandbox;
  let database: TestDatabase;
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    sandbox = await startTestSandbox();
    database = await createTestDatabase();

    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url, entities: TERRA_CONNECT_ENTITIES }),
        TerraAuthModule.forRoot(
          hostOptions(sandbox, {
            bootstrapApiKey: ADMIN_KEY,
            rateLimits: {
              clientPerMinute: 5,
              endUserPerHour: 3,
              addressPerMinute: 10,
              refusedKeysPerMinute: 10,
              refusedWebhooksPerMinute: 10,
            },
          }),
        ),
      ],
    })
    class HostModule {}

    app = await NestFactory.create(HostModule, newAdapter() as FastifyAdapter, { logger: false });
    await app.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}`;
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
    await database.drop();
  });

  // The time stands still: a slow test must not get a part of the quota back.
  beforeEach(() => {
    const now = new Date();
    jest.spyOn(app.get(Clock, { strict: false }), 'now').mockImplementation(() => now);
  });
  afterEach(() => jest.restoreAllMocks());

  it('limits guessed API keys, but not a caller whose key it knows', async () => {
    const known = () => callApi(url, 'GET', '/v1/connections');
    expect((await known()).status).toBe(200);
    const answers = await simultaneously(15, () =>
      callApi(url, 'GET', '/v1/connections', { key: 'tc_guess' }),
    );
    expect(statusesOf(answers)).toEqual({ 401: 10, 429: 5 });
    expect((await known()).status).toBe(200);
  });

  it('limits guessed links', async () => {
    const answers = await simultaneously(15, () => fetch(`${url}/connect/${'x'.repeat(43)}`));
    expect(statusesOf(answers)).toEqual({ 404: 10, 429: 5 });
  });

  it('limits wrong signatures, and no others', async () => {
    const forged = await simultaneously(15, () =>
      postWebhook({ url }, { type: 'healthcheck' }, { secret: 'x' }),
    );
    expect(statusesOf(forged)).toEqual({ 401: 10, 429: 5 });
    expect((await postWebhook({ url }, { type: 'healthcheck' })).status).toBe(200);
  });

  it('limits the sessions of an end user and of a client, and tells the client its quota', async () => {
    const create = (referenceId: string) =>
      callApi(url, 'POST', '/v1/connect-sessions', { body: { referenceId } });
    expect((await create('guest-1')).headers.get('ratelimit-policy')).toBe('"client";q=5;w=60');
    for (let session = 0; session < 2; session += 1) expect((await create('guest-1')).status).toBe(201);
    const rejected = await create('guest-1');
    expect(rejected).toMatchObject({ status: 429, body: { limit: 'end-user' } });
    expect(rejected.headers.get('ratelimit-policy')).toBe('"end-user";q=3;w=3600');
    expect((await create('guest-2')).status).toBe(201);
    expect(await create('guest-3')).toMatchObject({ status: 429, body: { limit: 'client' } });
  });
});
