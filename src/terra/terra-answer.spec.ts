import {
  describeAnswer,
  errorOfAnswer,
  errorOfFailure,
  LEGACY_WIDGET_SESSION,
  retryAfterSeconds,
} from './terra-answer';
import type { TerraAnswer } from './terra-answer';

const answer = (status: number, body?: unknown, retryAfter?: number): TerraAnswer => ({
  kind: 'answer',
  status,
  body,
  retryAfter,
});
const codeOf = (operation: string, given: TerraAnswer): string | null =>
  errorOfAnswer(operation, given)?.code ?? null;

describe('An answer of Terra', () => {
  it.each([
    ['a 2xx with an object is a success', answer(201, { url: 'https://…' }), null],
    ['a 2xx with a bare array is a success', answer(200, []), null],
    ['a 2xx that is not JSON is malformed', answer(200, undefined), 'terra.malformed_answer'],
    [
      'a 200 with status "error" is an error',
      answer(200, { status: 'error', message: 'no' }),
      'terra.rejected',
    ],
    ['401 means wrong credentials', answer(401, { title: 'unauthorized' }), 'terra.bad_credentials'],
    [
      '403 means wrong credentials',
      answer(403, { status: 'error', message: 'Forbidden' }),
      'terra.bad_credentials',
    ],
    [
      '403 with an entitlement code means that the Terra account is not entitled',
      answer(403, { code: 'entitlement_required' }),
      'terra.not_entitled',
    ],
    [
      '404 about the dev-id means wrong credentials',
      answer(404, { message: 'Invalid dev-id was provided' }),
      'terra.bad_credentials',
    ],
    [
      'any other 404 means that Terra does not know the resource',
      answer(404, { title: 'not found' }),
      'terra.not_found',
    ],
    ['410 means a withdrawn endpoint', answer(410, {}), 'terra.gone'],
    [
      '400 about the user limit means the user cap',
      answer(400, { message: 'User Limit Reached' }),
      'terra.user_cap_reached',
    ],
    [
      '403 about the user limit means the user cap',
      answer(403, { message: 'user limit reached' }),
      'terra.user_cap_reached',
    ],
    [
      '400 about providers means that no source is enabled',
      answer(400, { message: 'No providers are enabled' }),
      'terra.no_provider_enabled',
    ],
    ['any other 400 means that our request is wrong', answer(400, { message: 'language' }), 'terra.rejected'],
    ['429 means a rate limit', answer(429, {}), 'terra.rate_limited'],
    ['500 means an outage', answer(500, undefined), 'terra.unavailable'],
    ['503 means an outage', answer(503, { code: 'authorization_unavailable' }), 'terra.unavailable'],
  ])('%s', (_, given, code) => {
    expect(codeOf('user-info', given)).toBe(code);
  });

  it.each([
    ['an HTML page means that no source is enabled', answer(500, undefined), 'terra.no_provider_enabled'],
    ['a null message means wrong credentials', answer(500, { message: null }), 'terra.bad_credentials'],
    ['any other body means an outage', answer(500, { message: 'oops' }), 'terra.unavailable'],
  ])('a 500 of the legacy widget endpoint: %s', (_, given, code) => {
    expect(codeOf(LEGACY_WIDGET_SESSION, given)).toBe(code);
  });

  it.each([
    ['UND_ERR_CONNECT_TIMEOUT', 'terra.unavailable'],
    ['ECONNREFUSED', 'terra.unavailable'],
    ['UND_ERR_HEADERS_TIMEOUT', 'terra.timeout'],
    ['UND_ERR_BODY_TIMEOUT', 'terra.timeout'],
    ['ERR_CANCELED', 'terra.timeout'],
    ['ANSWER_TOO_LARGE', 'terra.malformed_answer'],
  ])('a call that fails with %s means %s', (code, expected) => {
    expect(errorOfFailure(Object.assign(new Error('x'), { code })).code).toBe(expected);
  });

  it('may name its Retry-After in seconds or as a date', () => {
    expect(retryAfterSeconds({ 'retry-after': '7' })).toBe(7);
    const inAMinute = retryAfterSeconds({ 'retry-after': new Date(Date.now() + 60_000).toUTCString() });
    expect(inAMinute).toBeGreaterThan(55);
    expect(inAMinute).toBeLessThanOrEqual(60);
    expect(retryAfterSeconds({ 'retry-after': 'soon' })).toBeUndefined();
  });

  it('is logged with its message, without the values that we sent and without the echoed query (T-19)', () => {
    const given = answer(400, {
      message: 'no user r-4711',
      instance: '/api/v2/userInfo?reference_id=r-4711',
    });
    const logged = describeAnswer(
      { operation: 'user-info', url: 'https://terra/userInfo', query: { reference_id: 'r-4711' } },
      given,
      [],
    );
    expect(logged).toEqual({ operation: 'user-info', status: 400, said: 'no user …' });
  });

  it('is logged without the API key, also if a gateway returns it encoded or the log has room for only half (T-19)', () => {
    const apiKey = 'terra-key/4f9d2c7b';
    const call = { operation: 'providers', url: 'https://terra/integrations' };
    for (let length = 280; length < 310; length += 1) {
      const echoed = `${'.'.repeat(length)}${apiKey} x-api-key=${encodeURIComponent(apiKey)}`;
      const { said } = describeAnswer(call, answer(400, { message: echoed, detail: apiKey }), [apiKey]);
      expect(said).not.toMatch(/terra|4f9d/);
    }
  });

  it.each([
    ['no provider '.repeat(90_000)],
    ['no '.repeat(350_000)],
    [`no ${'a'.repeat(1_000_000)}`],
    ['maximum number of '.repeat(60_000)],
  ])('T-21: costs little, even if its text has a megabyte (%#)', (message) => {
    const given = answer(400, { message, detail: message, title: message });
    const begin = process.cpuUsage();
    errorOfAnswer('user-info', given);
    const call = { operation: 'user-info', url: 'https://terra/', query: { a: 'provider' } };
    describeAnswer(call, given, ['an-api-key']);
    expect(process.cpuUsage(begin).user).toBeLessThan(1_000_000);
  });
});
