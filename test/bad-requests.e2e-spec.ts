import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, startSession } from './support/flow';
import { invalidField as invalid, refusal as refusalOf, type ProblemBody } from './support/refusals';

describe('An invalid request is rejected and changes nothing', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  const refusal = (method: string, path: string): Promise<ProblemBody> => refusalOf(service, method, path);
  const rejectedSession = (body: unknown): Promise<ProblemBody> =>
    refusalOf(service, 'POST', '/v1/connect-sessions', { body });

  describe('the reference id', () => {
    it.each([
      ['missing', undefined],
      ['empty', ''],
      ['256 characters long', 'x'.repeat(256)],
      ['256 emoji long', '🫀'.repeat(256)],
      ['with a NUL', 'a\0b'],
      ['with a line break', 'a\nb'],
      ['with a C1 control character', 'a\u0085b'],
      ['with half of a surrogate pair', 'a\ud800b'],
      ['the text null', 'null'],
      ['the text undefined', 'undefined'],
      ['null', null],
      ['a number', 4711],
      ['a list', ['user-4711']],
      ['an object', { toString: 'user-4711' }],
    ])('is rejected: %s', async (_case, referenceId) => {
      expect(await rejectedSession({ referenceId })).toMatchObject(invalid('referenceId'));
    });

    it.each([
      ['255 emoji', '🫀'.repeat(255)],
      ['255 Arabic letters', 'م'.repeat(255)],
      ['punctuation with a meaning in URLs and SQL', "o'Neil & søn=1? #%20+/\\"],
      ['an SQL injection', "'; DROP TABLE connections; --"],
    ])('is accepted, and Terra and the caller get it unchanged: %s', async (_case, referenceId) => {
      const session = await startSession(service, { referenceId });
      expect(session.referenceId).toBe(referenceId);
      expect(service.sandbox.requests.at(-1)?.body).toMatchObject({ reference_id: referenceId });
      const path = `/v1/end-users/${encodeURIComponent(referenceId)}/sdk-tokens`;
      expect((await service.api('POST', path)).body).toMatchObject({ referenceId });
    });

    it('is case-sensitive and never normalised: similar references name different end users', async () => {
      const references = ['Zoë', 'zoë', 'Zoe\u0308', 'Zoë '];
      for (const referenceId of references) {
        service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
      }
      await service.drainWebhooks();
      for (const referenceId of references) {
        expect(await connectionsOf(service, referenceId)).toMatchObject([{ referenceId }]);
      }
    });

    it.each(['', '%00', 'null', 'x'.repeat(256), '%C2%85'])(
      'is checked in a path and in a filter as well (%#)',
      async (encoded) => {
        const filter = await refusal('GET', `/v1/connections?referenceId=${encoded}`);
        expect(filter).toMatchObject(invalid('referenceId'));
        if (encoded === '') return;
        const path = await refusal('POST', `/v1/end-users/${encoded}/sdk-tokens`);
        expect(path).toMatchObject(invalid('referenceId'));
      },
    );
  });

  describe('fields', () => {
    const referenceId = 'user-4711';

    it.each(['reference_id', 'auth_success_redirect_url', 'apiKey', 'id', 'status', 'connectUrl'])(
      'an unknown field is rejected: %s',
      async (field) => {
        const problem = await rejectedSession({ referenceId, [field]: 'x' });
        expect(problem).toMatchObject(invalid(field));
      },
    );

    it.each(['constructor', 'hasOwnProperty', 'isPrototypeOf', 'toString', 'valueOf', '__defineGetter__'])(
      'an unknown field is rejected although every object inherits it: %s',
      async (field) => {
        expect(await rejectedSession({ referenceId, [field]: 'x' })).toMatchObject(invalid(field));
        expect(await refusal('GET', `/v1/connections?${field}=x`)).toMatchObject(invalid(field));
      },
    );

    it.each([
      ['__proto__ at the top', '{"referenceId":"user-4711","__proto__":{"admin":true}}'],
      ['__proto__ in the metadata', '{"referenceId":"user-4711","metadata":{"__proto__":{"admin":true}}}'],
      ['a prototype inside constructor', '{"referenceId":"u","constructor":{"prototype":{"admin":true}}}'],
    ])('a body that sets a prototype is rejected: %s', async (_case, body) => {
      expect(await rejectedSession(body)).toMatchObject({ status: 400, code: 'request.malformed' });
      expect(({} as Record<string, unknown>).admin).toBeUndefined();
    });

    it.each([
      ['providers', 'GARMIN'],
      ['providers', { 0: 'GARMIN' }],
      ['providers', [['GARMIN']]],
      ['providers', ['GARMIN,OURA']],
      ['providers', ['']],
      ['providers', Array.from({ length: 101 }, () => 'GARMIN')],
      ['language', ['en']],
      ['language', 'english'],
      ['language', 'english; drop'],
      ['useTerraAvengersApp', 'true'],
      ['bypassFeedback', 0],
      ['appleAppUrl', ['pulse://connected']],
      ['samsungAppUrl', 5],
      ['connectedUids', '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10'],
      ['connectedUids', [5]],
      ['connectedUids', ['a\0b']],
      ['connectedUids', Array.from({ length: 101 }, () => 'x')],
      ['returnUrl', ['https://app.example.com/devices']],
      ['returnUrl', 5],
      ['failureReturnUrl', { href: 'https://app.example.com/devices' }],
      ['showDisconnect', 'true'],
      ['multiAuth', 1],
      ['metadata', 'text'],
      ['metadata', ['a']],
      ['metadata', { big: 'x'.repeat(8_192) }],
      ['metadata', { big: '🫀'.repeat(2_049) }],
      ['metadata', { nul: 'a\0b' }],
      ['metadata', { 'a\0b': 1 }],
      ['metadata', { half: '\udc00' }],
      ['metadata', { a: [{ constructor: 'x' }] }],
      ['metadata', { toString: null }],
    ])('a field with a wrong type or value is rejected: %s (%#)', async (field, value) => {
      expect(await rejectedSession({ referenceId, [field]: value })).toMatchObject(invalid(field));
    });

    it('null means "not given", as in our own answers', async () => {
      const absent = { language: null, returnUrl: null, failureReturnUrl: null, metadata: null };
      expect(await startSession(service, { ...absent, providers: null })).toMatchObject(absent);
    });

    it.each([
      ['a backslash before a u', { path: 'C:\\u0000' }],
      ['empty and nested values', { a: {}, b: [[], [null]], '': '' }],
      ['a list-like object', { length: 3, 0: 'a' }],
      ['an object with a then member', { then: 'x' }],
    ])('metadata is kept unchanged: %s', async (_case, metadata) => {
      const { id } = await startSession(service, { metadata });
      const { body } = await service.api('GET', `/v1/connect-sessions/${id}`);
      expect(body.metadata).toEqual(metadata);
    });

    it.each([
      ['metadata', (deep: string) => `{"referenceId":"u","metadata":{"a":${deep}}}`],
      ['providers', (deep: string) => `{"referenceId":"u","providers":${deep}}`],
      ['an unknown field', (deep: string) => `{"referenceId":"u","other":${deep}}`],
    ])('JSON that is nested too deeply for a parser is rejected: %s', async (_case, body) => {
      const deep = '['.repeat(200_000) + ']'.repeat(200_000);
      expect(await rejectedSession(body(deep))).toMatchObject({ status: 422, code: 'request.invalid' });
    });
  });

  it('a provider that the account lacks is rejected, and the problem lists the available providers', async () => {
    for (const providers of [['NOSUCHBAND'], ['garmin', 'huawei']]) {
      const problem = await rejectedSession({ referenceId: 'user-4711', providers });
      expect(problem).toMatchObject({ status: 422, code: 'provider.unknown' });
      expect(problem.availableProviders).toEqual(expect.arrayContaining(['GARMIN', 'OURA', 'APPLE']));
      expect(problem.availableProviders).not.toContain('HUAWEI');
    }
  });

  it.each([
    ['javascript:', 'javascript:alert(1)'],
    ['javascript: with a host', 'javascript://app.example.com/devices%0aalert(1)'],
    ['data:', 'data:text/html,<script>alert(1)</script>'],
    ['another host', 'https://evil.example/devices'],
    ['a lookalike host', 'https://app.example.com.evil.example/devices'],
    ['a lookalike in another script', 'https://аpp.example.com/devices'],
    ['a user name', 'https://app.example.com@evil.example/devices'],
    ['a user name before the right host', 'https://x@app.example.com/devices'],
    ['a backslash', 'https://app.example.com\\@evil.example/devices'],
    ['a tab in the scheme', 'java\tscript:alert(1)'],
    ['a tab in the host', 'https://app.example\t.com/devices'],
    ['a line break at the end', 'https://app.example.com/devices\r\nset-cookie: a=b'],
    ['another scheme', 'http://app.example.com/devices'],
    ['another port', 'https://app.example.com:8443/devices'],
    ['a longer last segment', 'https://app.example.com/devices-of-others'],
    ['a path traversal', 'https://app.example.com/devices/../admin'],
    ['an encoded path traversal', 'https://app.example.com/devices/%2e%2e/admin'],
    ['an encoded slash', 'https://app.example.com/devices/..%2fadmin'],
    ['only a path', '/devices'],
    ['no scheme', '//app.example.com/devices'],
    ['an app scheme that is not listed', 'other://connected'],
    ['a listed app scheme with another host', 'pulse://elsewhere'],
    ['no characters', ''],
  ])('T-04: a return URL with %s is rejected', async (_case, url) => {
    for (const field of ['returnUrl', 'failureReturnUrl']) {
      const problem = await rejectedSession({ referenceId: 'user-4711', [field]: url });
      expect(problem).toMatchObject({ status: 422, code: 'session.return_url_not_allowed' });
      expect(problem.errors).toMatchObject([{ field }]);
    }
  });
});
