import { Controller, Get, Module, Post, RequestMethod, VERSION_NEUTRAL } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { BrowserOptions } from '../config';
import { PublicUrls, WEBHOOK_ROUTE } from './public-urls';

const ORIGIN = 'https://api.example.com';

@Controller({ version: VERSION_NEUTRAL })
class Routes {
  @Get('connect/:token')
  open(): string {
    return 'opened';
  }
  @Post(WEBHOOK_ROUTE)
  receive(): string {
    return 'received';
  }
}

type GlobalPrefix = Parameters<NestFastifyApplication['setGlobalPrefix']>;

describe('PublicUrls', () => {
  let app: NestFastifyApplication;
  afterEach(() => app.close());

  /** Starts a host with this prefix. Its router is the judge of our URLs. */
  async function start(publicUrl: string, ...prefix: GlobalPrefix | []): Promise<PublicUrls> {
    @Module({
      controllers: [Routes],
      providers: [PublicUrls, { provide: BrowserOptions, useValue: { publicUrl, returnUrls: [] } }],
    })
    class Host {}
    app = await NestFactory.create(Host, new FastifyAdapter(), { logger: false, abortOnError: false });
    if (prefix.length > 0) app.setGlobalPrefix(...(prefix as GlobalPrefix));
    await app.init();
    return app.get(PublicUrls);
  }

  it.each<[string, string, GlobalPrefix | [], string, string]>([
    ['no prefix', ORIGIN, [], '/connect/x', '/webhooks/terra'],
    ['a prefix', ORIGIN, ['api'], '/api/connect/x', '/api/webhooks/terra'],
    ['a prefix with slashes', ORIGIN, ['/api/app/'], '/api/app/connect/x', '/api/app/webhooks/terra'],
    ['a public URL that has the prefix', `${ORIGIN}/api`, ['api'], '/api/connect/x', '/api/webhooks/terra'],
    [
      'routes without the prefix',
      `${ORIGIN}/api`,
      ['api', { exclude: ['connect/*path', { path: 'webhooks/terra', method: RequestMethod.POST }] }],
      '/connect/x',
      '/webhooks/terra',
    ],
    [
      'a route without the prefix for another method',
      ORIGIN,
      ['api', { exclude: [{ path: 'connect/*path', method: RequestMethod.POST }] }],
      '/api/connect/x',
      '/api/webhooks/terra',
    ],
  ])('links to the routes of a host with %s', async (_, publicUrl, prefix, connectPath, webhookPath) => {
    const urls = await start(publicUrl, ...prefix);
    expect(urls.urlOf('connect/x')).toBe(`${ORIGIN}${connectPath}`);
    expect(urls.webhookPath()).toBe(webhookPath);
    expect((await app.inject(connectPath)).body).toBe('opened');
    expect((await app.inject({ method: 'POST', url: webhookPath })).body).toBe('received');
  });

  it('keeps the path of a proxy before the prefix, and a host name that is equal to the prefix', async () => {
    expect((await start(`${ORIGIN}/app`, 'api')).urlOf('connect/x')).toBe(`${ORIGIN}/app/api/connect/x`);
    await app.close();
    expect((await start('http://api', 'api')).urlOf('connect/x')).toBe('http://api/api/connect/x');
  });

  it('stops the start of a host whose prefix has a parameter, unless the public routes are excluded', async () => {
    await expect(start(ORIGIN, ':tenant')).rejects.toThrow(/Exclude its public routes/);
    const exclude = ['connect/*path', 'webhooks/terra'];
    const urls = await start(ORIGIN, ':tenant', { exclude });
    expect(urls.urlOf('connect/x')).toBe(`${ORIGIN}/connect/x`);
  });
});
