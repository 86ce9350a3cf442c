import { RETURN_URL, startTestApp, type TestApp } from './support/app';
import { newReference, redirectUrlOf, shiftClock, startSession, stateOf, visit } from './support/flow';
import { cancelInWidget, connectThroughWidget } from './support/sandbox';

describe("The service's pages", () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  beforeEach(() => service.sandbox.reset());
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  const read = async (url: string | URL, acceptLanguage?: string) => {
    const response = await visit(url, { headers: { 'accept-language': acceptLanguage ?? '' } });
    const html = await response.text();
    const first = (pattern: RegExp): string | undefined => pattern.exec(html)?.[1]?.replaceAll('&#38;', '&');
    return {
      status: response.status,
      headers: response.headers,
      html,
      language: first(/<html lang="([^"]+)">/),
      title: first(/<h1>([^<]+)<\/h1>/),
      link: first(/<a href="([^"]+)">/),
      refresh: first(/<meta http-equiv="refresh" content="([^"]+)">/),
    };
  };
  /** The page after an end user has connected Garmin. */
  const connected = async (body: Record<string, unknown> = {}, acceptLanguage?: string) => {
    const session = await startSession(service, body);
    const callback = await visit(await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' }));
    const page = await read(callback.headers.get('location') ?? '', acceptLanguage);
    return page;
  };

  describe('show the result', () => {
    it('with the display name of the provider', async () => {
      const page = await connected();
      expect(page).toMatchObject({ status: 200, title: 'Garmin is connected', language: 'en' });
      expect(page.link).toBeUndefined();
    });

    it('with the name of the only provider that was offered, also if the end user cancels', async () => {
      const session = await startSession(service, { providers: ['OURA'] });
      const callback = await visit(await cancelInWidget(session.widgetUrl, { provider: 'OURA' }));
      const page = await read(callback.headers.get('location') ?? '');
      expect(page.title).toBe('You cancelled');
      expect(page.html).toContain('Oura was not connected');
    });

    it('without a name if several providers were offered', async () => {
      const { id } = await startSession(service);
      const page = await read(`${service.url}/connect/result?session_id=${id}`);
      expect(page).toMatchObject({ title: 'Almost there', refresh: '5' });
      expect(page.html).toContain('waiting for your provider');
    });

    it("with the code of the provider while Terra's catalogue cannot be read, and without a long wait", async () => {
      const other = await startTestApp();
      try {
        Object.assign(other.sandbox.behaviour, {
          failWith: Array(20).fill(500),
          faultsOnlyOn: '/integrations',
        });
        const { id } = await startSession(other, { providers: ['GARMIN'] });
        const page = await read(`${other.url}/connect/result?session_id=${id}`);
        expect(page.html).toContain('waiting for GARMIN');
      } finally {
        await other.close();
      }
    });

    it('with the way back, if the session has a return URL', async () => {
      const session = await startSession(service, { returnUrl: `${RETURN_URL}?a=1#/list` });
      const page = await read(`${service.url}/connect/result?session_id=${session.id}`);
      expect(page.link).toBe(`${RETURN_URL}?a=1&session_id=${session.id}&status=pending#/list`);
    });
  });

  describe("speak the session's language", () => {
    it.each([
      ['de', 'Garmin ist verbunden'],
      ['fr-CA', 'Garmin : connexion établie'],
      ['es', 'Garmin: conexión establecida'],
      ['ja', 'Garminの接続が完了しました'],
      ['en-GB', 'Garmin is connected'],
    ])('%s', async (language, title) => {
      const page = await connected({ language }, 'pl, de;q=0.5');
      expect(page).toMatchObject({ title, language: language.slice(0, 2) });
    });

    it('or that of the browser, if the session has none that they speak', async () => {
      expect((await connected({}, 'pl, fr;q=0.7, de;q=0.9')).language).toBe('de');
      expect((await connected({ language: 'pl' }, 'es')).language).toBe('es');
      expect((await connected({ language: 'pl' }, 'pl')).language).toBe('en');
    });

    it('on the pages about links, too', async () => {
      const unknown = await read(`${service.url}/connect/unknown`, 'ja');
      expect(unknown).toMatchObject({ status: 404, language: 'ja', title: 'このリンクは使用できません' });
      const session = await startSession(service, { language: 'de', returnUrl: RETURN_URL });
      await visit(await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' }));
      expect(await read(session.connectUrl, 'ja')).toMatchObject({
        status: 410,
        language: 'de',
        title: 'Dieser Link wurde schon benutzt',
        link: `${RETURN_URL}?session_id=${session.id}&status=connected`,
      });
    });

    it('and say who can help when a link has expired', async () => {
      const session = await startSession(service, { language: 'fr', returnUrl: RETURN_URL });
      shiftClock(service, 100_000);
      const page = await read(session.connectUrl);
      expect(page).toMatchObject({
        status: 410,
        title: 'Ce lien a expiré',
        link: `${RETURN_URL}?session_id=${session.id}&status=failed`,
      });
      expect(page.html).toContain('demandez-en un nouveau à l’expéditeur');
      expect(page.html).not.toContain('<form');
    });
  });

  describe('lead back to an app', () => {
    const APP = 'pulse://connected';

    it('by themselves and, where the browser does not follow, by a button', async () => {
      const session = await startSession(service, { returnUrl: APP, language: 'de' });
      const callbackUrl = await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
      const page = await read(callbackUrl);
      const url = `${APP}?session_id=${session.id}&status=connected`;
      expect(page).toMatchObject({
        status: 200,
        title: 'Garmin ist verbunden',
        link: url,
        refresh: `0; url=${url}`,
      });
      expect(page.html).toContain('>Zurück zur App</a>');
      expect(page.headers.get('location')).toBeNull();
      expect(page.headers.get('referrer-policy')).toBe('no-referrer');
      const before = await stateOf(service);
      expect(await read(callbackUrl)).toMatchObject({ status: 200, link: url });
      expect(await stateOf(service)).toEqual(before);
    });

    it('after a failure, too', async () => {
      const session = await startSession(service, {
        returnUrl: RETURN_URL,
        failureReturnUrl: `${APP}/failed`,
      });
      const page = await read(await cancelInWidget(session.widgetUrl, { provider: 'GARMIN' }));
      expect(page.refresh).toBe(`0; url=${APP}/failed?session_id=${session.id}&status=cancelled`);
    });

    it('with every character of the return URL escaped in the HTML', async () => {
      const hostile = `${APP}/%22%3E'x?a="><script>alert(1)</script>&b='#"><img>`;
      const answer = await service.api('POST', '/v1/connect-sessions', {
        body: { referenceId: newReference(), returnUrl: hostile },
      });
      expect(answer.status).toBe(201);
      const page = await read(
        await connectThroughWidget(String(answer.body.widgetUrl), { provider: 'GARMIN' }),
      );
      expect(page.html).not.toMatch(/<script|<img/);
      expect(page.link?.startsWith(APP)).toBe(true);
      expect(page.html).toMatch(/href="pulse:[^"<>]*&#38;status=connected#[^"<>]*"/);
    });

    it('and HEAD gets the same headers without an effect', async () => {
      const { referenceId } = await startSession(service, { returnUrl: APP });
      const before = await stateOf(service);
      const answer = await visit(redirectUrlOf(service, referenceId, 'success'), { method: 'HEAD' });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(await stateOf(service)).toEqual(before);
    });

    it('but a web page, and a program on the machine of the end user, get a redirect', async () => {
      for (const returnUrl of [RETURN_URL, 'http://localhost:4001/callback']) {
        const session = await startSession(service, { returnUrl });
        const answer = await visit(await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' }));
        expect(answer.status).toBe(303);
        expect(answer.headers.get('location')).toBe(`${returnUrl}?session_id=${session.id}&status=connected`);
      }
    });
  });
});
