import { OutboundError, type OutboundAnswer, type OutboundErrorCode } from '../../outbound';
import { meaningOfAnswer, meaningOfError } from './answer-meaning';

const NOW = new Date('2026-11-23T09:30:00.000Z');
const DAYS_3_MS = 259_200_000;

const answer = (status: number, headers: OutboundAnswer['headers'] = {}): OutboundAnswer => ({
  status,
  headers,
  body: Buffer.alloc(0),
  truncated: null,
});
const retryAfterOf = (text: string | string[]): number | null =>
  meaningOfAnswer(answer(503, { 'retry-after': text }), NOW).retryAfterMs;

describe('The answer of a receiver', () => {
  it.each([200, 201, 202, 204, 299])('%i: it has the event', (status) => {
    expect(meaningOfAnswer(answer(status), NOW).kind).toBe('accepted');
  });

  it('of 2xx counts also if the service does not read its whole body', () => {
    expect(meaningOfAnswer({ ...answer(200), truncated: 'too_large' }, NOW).kind).toBe('accepted');
    expect(meaningOfAnswer({ ...answer(200), truncated: 'timed_out' }, NOW).kind).toBe('accepted');
  });

  it.each([300, 301, 302, 303, 307, 308])('T-18: %i: a redirect is a failure', (status) => {
    expect(meaningOfAnswer(answer(status, { location: 'http://169.254.169.254/' }), NOW)).toMatchObject({
      kind: 'failed',
      status,
      ofWholeEndpoint: false,
    });
  });

  it.each([400, 401, 404, 413, 422, 500, 501])('%i: this event failed', (status) => {
    expect(meaningOfAnswer(answer(status), NOW)).toMatchObject({ kind: 'failed', ofWholeEndpoint: false });
  });

  it.each([429, 502, 503, 504])('%i: the receiver as a whole is overloaded or down', (status) => {
    expect(meaningOfAnswer(answer(status), NOW)).toMatchObject({ kind: 'failed', ofWholeEndpoint: true });
  });

  it('410: it wants no further events', () => {
    expect(meaningOfAnswer(answer(410, { 'retry-after': '5' }), NOW)).toMatchObject({
      kind: 'gone',
      retryAfterMs: null,
    });
  });

  it('says when to try again, in seconds or as a date, for three days at most', () => {
    expect(retryAfterOf('120')).toBe(120_000);
    expect(retryAfterOf(' 7 ')).toBe(7_000);
    expect(retryAfterOf('Mon, 23 Nov 2026 09:31:00 GMT')).toBe(60_000);
    expect(retryAfterOf('9999999999')).toBe(DAYS_3_MS);
    expect(retryAfterOf('Fri, 31 Dec 9999 23:59:59 GMT')).toBe(DAYS_3_MS);
  });

  it.each(['', '-1', 'soon', '0', '99999999999', 'Mon, 23 Nov 2026 09:29:00 GMT', 'x'.repeat(1_000)])(
    'says nothing with Retry-After: %j',
    (text) => expect(retryAfterOf(text)).toBeNull(),
  );

  it('says nothing with two Retry-After', () => {
    expect(retryAfterOf(['1', '2'])).toBeNull();
  });
});

describe('A request without an answer', () => {
  it.each<OutboundErrorCode>([
    'url_forbidden',
    'address_forbidden',
    'name_unresolved',
    'connection_failed',
    'tls_failed',
    'timed_out',
    'too_large',
  ])('%s: is a failed attempt', (code) => {
    expect(meaningOfError(new OutboundError(code, 'X'))).toMatchObject({
      kind: 'failed',
      status: null,
      error: code,
      ofWholeEndpoint: true,
    });
  });

  it.each<OutboundErrorCode>(['aborted', 'busy'])('%s: is no attempt', (code) => {
    expect(meaningOfError(new OutboundError(code, 'X')).kind).toBe('not_attempted');
  });

  it('is nothing else: an error of our own code passes through', () => {
    const error = new TypeError('a bug');
    expect(() => meaningOfError(error)).toThrow(error);
  });
});
