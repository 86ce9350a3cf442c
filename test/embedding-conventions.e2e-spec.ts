import {
  Body,
  Catch,
  Controller,
  Injectable,
  Module,
  Post,
  ValidationPipe,
  VersioningType,
  type ArgumentsHost,
  type CallHandler,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common';
import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { map, type Observable } from 'rxjs';
import type { Sandbox } from '../sandbox';
import { TerraAuthModule } from '../src';
import { ADMIN_KEY, callApi, type ApiAnswer, type ApiOptions } from './support/app';
import { createTestDatabase, type TestDatabase } from './support/database';
import { hostOptions } from './support/host';
import type { ConnectionAnswer, SessionAnswer } from './support/flow';
import { connectThroughWidget, startTestSandbox } from './support/sandbox';

/** Wraps every result of the host. It fails for a route without a result, as many do. */
@Injectable()
class WrapInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler<object>): Observable<object> {
    return next.handle().pipe(map((data) => ({ data, fields: Object.keys(data).length })));
  }
}

@Catch()
class HostFilter implements ExceptionFilter {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(_error: unknown, host: ArgumentsHost): void {
    this.adapterHost.httpAdapter.reply(host.switchToHttp().getResponse(), { host: 'failed' }, 418);
  }
}

/** The path of this route ends with that of our webhook route. */
@Controller('partners/webhooks/terra')
class PartnerController {
  @Post()
  receive(@Body() body: object): object {
    return body;
  }
}

interface Wrapped<Data> {
  data: Data;
}

/** A plugin of the host, such as a compression, works on each response before Fastify sends it. */
function newFastifyAdapter(): FastifyAdapter {
  const adapter = new FastifyAdapter();
  adapter.getInstance().addHook('onSend', async (_request, _reply, payload) => {
    await setImmediate();
    return payload;
  });
  return adapter;
}

describe.each([
  ['Fastify', newFastifyAdapter],
  ['Express', (): ExpressAdapter => new ExpressAdapter()],
])('TerraAuthModule in a host with a prefix, versions and an interceptor on %s', (_, newAdapter) => {
  let sandbox: Sandbox;
  let database: TestDatabase;
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    sandbox = await startTestSandbox();
    database = await createTestDatabase();

    @Module({
      imports: [
        TypeOrmModule.forRoot({
          type: 'postgres',
          url: database.url,
          autoLoadEntities: true,
          synchronize: true,
        }),
        TerraAuthModule.forRoot(hostOptions(sandbox, { workersEnabled: true, bootstrapApiKey: ADMIN_KEY })),
      ],
      controllers: [PartnerController],
    })
    class HostModule {}

    app = await NestFactory.create(HostModule, newAdapter() as FastifyAdapter, { logger: false });
    app.setGlobalPrefix('api');
    app.enableVersioning({ type: VersioningType.URI, defaultVersion: '2' });
    app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
    app.useGlobalInterceptors(new WrapInterceptor());
    app.useGlobalFilters(new HostFilter(app.get(HttpAdapterHost)));
    await app.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}`;
    sandbox.setWebhookUrl(`${url}/api/webhooks/terra`);
  });

  afterAll(async () => {
    await app.close();
    await sandbox.close();
    await database.drop();
  });

  const api = <Data>(method: string, path: string, options?: ApiOptions): Promise<ApiAnswer<Wrapped<Data>>> =>
    callApi(url, method, `/api${path}`, options);
  /** Opens a link of the service as a browser does. `publicUrl` names a port that nobody listens on. */
  const open = (link: string): Promise<Response> => {
    const { pathname, search } = new URL(link);
    return fetch(`${url}${pathname}${search}`, { redirect: 'manual' });
  };

  it('leaves the start page to the host, with and without the global prefix', async () => {
    for (const path of ['/', '/api', '/api/'])
      expect((await callApi(url, 'GET', path)).status).toBeGreaterThanOrEqual(400);
  });

  it('links an account by its own links, redirects, pages and webhooks', async () => {
    const started = await api<SessionAnswer>('POST', '/v1/connect-sessions', {
      body: { referenceId: 'guest-1' },
    });
    expect(started).toMatchObject({ status: 201, body: { data: { status: 'pending' } } });

    const opened = await open(started.body.data.connectUrl);
    expect(opened.status).toBe(302);
    const callbackUrl = await connectThroughWidget(opened.headers.get('location') ?? '', {
      provider: 'GARMIN',
    });
    const callback = await open(callbackUrl.href);
    expect(callback.status).toBe(303);
    const result = await open(callback.headers.get('location') ?? '');
    expect(result.status).toBe(200);
    expect(result.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await result.text()).toMatch(/^<!doctype html>/);

    await sandbox.idle();
    const answers = sandbox.deliveries.flatMap(({ attempts }) => attempts.map(({ status }) => status));
    expect(new Set(answers)).toEqual(new Set([200]));
    const connections = await api<{ items: ConnectionAnswer[] }>(
      'GET',
      '/v1/connections?referenceId=guest-1',
    );
    expect(connections.body.data.items).toMatchObject([{ provider: 'GARMIN', status: 'active' }]);
  });

  it('answers errors with its own pages and problems', async () => {
    const page = await open('http://localhost:9/api/connect/unknown');
    expect(page.status).toBe(404);
    expect(await page.text()).toContain('This link does not work');
    const problem = await callApi(url, 'GET', '/api/v1/connections', { key: null });
    expect(problem).toMatchObject({ status: 401, body: { code: 'auth.missing_key' } });
    const forged = await callApi(url, 'POST', '/api/webhooks/terra', { body: {}, key: null });
    expect(forged).toMatchObject({ status: 401, body: { code: 'webhook.signature_refused' } });
  });

  it("names the host's webhook path in a diagnosis", async () => {
    await api('POST', '/v1/connect-sessions', { body: { referenceId: 'guest-2' } });
    // A return without a webhook: only then does the service expect one.
    await database.query(
      `UPDATE terra_connect.connect_sessions SET return_spent_at = now() WHERE reference_id = 'guest-2'`,
    );
    await database.query('DELETE FROM terra_connect.webhook_events');
    const { body } = await api<{ conclusions: { code: string; advice: string }[] }>(
      'GET',
      '/v1/end-users/guest-2/diagnosis',
    );
    const noWebhooks = body.data.conclusions.find(({ code }) => code === 'no_webhooks_at_all');
    expect(noWebhooks?.advice).toContain('points to /api/webhooks/terra of this service');
  });

  it("leaves the body of a host's route whose path ends with that of the webhook route", async () => {
    const answer = await callApi(url, 'POST', '/api/v2/partners/webhooks/terra', {
      body: { a: 1 },
      key: null,
    });
    expect(answer).toMatchObject({ status: 201, body: { data: { a: 1 }, fields: 1 } });
  });
});
