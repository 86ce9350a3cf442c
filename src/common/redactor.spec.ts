import { Redactor } from './redactor';

const SECRET = 'sk-"4f9d"/2c7b\\1e8a+ü';

describe('Redactor', () => {
  const redactor = new Redactor([SECRET, 'n5ecret-of-a-destination', 'short'], 8);
  const asJson = (text: string): string => JSON.stringify(text).slice(1, -1);

  it.each([
    ['as it is', SECRET],
    ['in JSON', asJson(SECRET)],
    ['in JSON inside JSON', asJson(asJson(SECRET))],
    ['in a URL', encodeURIComponent(SECRET)],
    [
      'in a URL, encoded in lower case',
      encodeURIComponent(SECRET).replace(/%../g, (code) => code.toLowerCase()),
    ],
    ['in a form', new URLSearchParams({ key: SECRET }).toString().slice('key='.length)],
  ])('T-19: cuts a value out of text: %s', (_case, form) => {
    expect(redactor.redact(`before ${form} after`)).toBe('before … after');
  });

  it.each(['', 'u', 'us', 'use', 'user:', 'a much longer user name: '])(
    'T-19: cuts a value out of base64, whatever stands before it: %j',
    (before) => {
      for (const encoding of ['base64', 'base64url'] as const) {
        const encoded = Buffer.from(`${before}${SECRET}${before}`).toString(encoding);
        const left = redactor.redact(encoded).split('…');
        expect(left).toHaveLength(2);
        // What is left of the value on each side is less than one of its bytes.
        expect(left.join('').length).toBeLessThan(
          Buffer.from(`${before}${before}`).toString('base64').length + 6,
        );
      }
    },
  );

  it.each([
    ['an API key', 'key tc_Zk3v9Qw-1x_Yp7Lm0aB', 'key tc_…'],
    ['a secret of an endpoint', 'is whsec_MfKQ9r8GKYqrTwjU/8ILPZIo2LaLaSw+ now', 'is whsec_… now'],
    ['a bearer token', '{"authorization":"Bearer abcdefgh1234"}', '{"authorization":"Bearer …"}'],
    ['a password of Basic authentication', 'Basic dXNlcjpwYXNzd29yZA==', 'Basic …'],
    ['a signature', `t=1,v1=${'5f'.repeat(32)}`, 't=1,v1=…'],
    ['a connect link', `https://a.example/connect/${'x'.repeat(43)}`, 'https://a.example/connect/…'],
    ['a callback URL', `/connect/return/${'x'.repeat(43)}/success`, '/connect/return/…/success'],
    ['a password in a URL', 'postgres://terra:p4ss@db/terra', 'postgres://…@db/terra'],
  ])('T-19: cuts out %s, which it does not know', (_case, text, expected) => {
    expect(redactor.redact(text)).toBe(expected);
  });

  it('leaves ordinary words and route patterns unchanged', () => {
    const text = 'short terra_connect.connections POST /connect/return/:nonce/success https://a.example/@b';
    expect(redactor.redact(text)).toBe(text);
  });

  it('keeps a JSON line valid if a value seems to begin inside an escape sequence', () => {
    const line = JSON.stringify({ text: '\n5ecret-of-a-destination', key: SECRET });
    expect(JSON.parse(redactor.redactJson(line))).toEqual({ text: '\n5ecret-of-a-destination', key: '…' });
  });

  it('leaves no half of a value at the end of an excerpt', () => {
    for (let length = 1; length < 3 * SECRET.length; length += 1) {
      const excerpt = redactor.excerpt(SECRET.repeat(50), length);
      expect(excerpt.replaceAll('…', '')).toBe('');
      expect(redactor.excerpt(`${'x'.repeat(20)}${SECRET}`, length)).not.toContain('sk-');
    }
    expect(redactor.excerpt('x'.repeat(50), 20)).toBe('x'.repeat(20));
  });

  it('T-21: takes no longer for an excerpt of a huge text', () => {
    const huge = `${SECRET.slice(0, -1)}:// Bearer `.repeat(2_000_000);
    const begin = process.cpuUsage();
    redactor.excerpt(huge, 300);
    expect(process.cpuUsage(begin).user).toBeLessThan(1_000_000);
  });
});
