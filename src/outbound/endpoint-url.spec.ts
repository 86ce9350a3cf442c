import * as fc from 'fast-check';
import { GOOD_URLS, HOSTILE_URLS } from '../../test/support/hostile-urls';
import { describeEndpointUrlProblem } from '.';

const INTERNET = { allowPrivateNetworks: false };
const PRIVATE = { allowPrivateNetworks: true };

const LONG_LABEL = 'a'.repeat(63);
/** How the text about each kind of hostile URL begins. */
const PROBLEMS: Record<keyof typeof HOSTILE_URLS, string> = {
  noHttps: 'must start with https://',
  characters: 'must be in ASCII',
  userInfo: 'must not contain a user name',
  fragment: 'must not have a fragment',
  noHost: 'must have a host after',
  port: 'must have port 443 or 8443',
  spelling: 'must have its host in the usual form',
  privateHost: 'must name a host of the internet',
  neverAllowed: 'must not have a link-local',
  finalDot: 'must have a host without a dot',
  name: 'must have a host of at most',
  invalid: 'must have a valid host',
};

const kinds = Object.keys(HOSTILE_URLS) as (keyof typeof HOSTILE_URLS)[];
const casesOf = (some: typeof kinds): [url: string, problem: string][] =>
  some.flatMap((kind) => HOSTILE_URLS[kind].map((url): [string, string] => [url, PROBLEMS[kind]]));

describe('T-18: the URL of a receiver', () => {
  it('is compared with more than 290 different hostile ones', () => {
    expect(new Set(casesOf(kinds).map(([url]) => url)).size).toBeGreaterThan(290);
  });

  it.each(casesOf(kinds))('is refused with a reason: %j', (url, problem) => {
    expect(describeEndpointUrlProblem(url, INTERNET)).toMatch(new RegExp(`^${problem}`));
  });

  it.each(GOOD_URLS)('is accepted: %s', (url) => {
    expect(describeEndpointUrlProblem(url, INTERNET)).toBeNull();
    expect(describeEndpointUrlProblem(url, PRIVATE)).toBeNull();
  });

  it('has at most 2,048 characters, 253 in its host, and 63 in a label', () => {
    const problemOf = (url: string): string | null => describeEndpointUrlProblem(url, INTERNET);
    const url = 'https://hooks.example.com/';
    expect(problemOf(url.padEnd(2_048, 'a'))).toBeNull();
    expect(problemOf(url.padEnd(2_049, 'a'))).toMatch(/^must have at most 2048 characters/);
    expect(problemOf(`https://${LONG_LABEL}.example.com/`)).toBeNull();
    expect(problemOf(`https://a${LONG_LABEL}.example.com/`)).toMatch(/^must have a host of at most 253/);
    const longHost = `${`${LONG_LABEL}.`.repeat(3)}${'a'.repeat(57)}.com`;
    expect(longHost).toHaveLength(253);
    expect(problemOf(`https://${longHost}/`)).toBeNull();
    expect(problemOf(`https://a${longHost}/`)).not.toBeNull();
    expect(problemOf(`https://${'a.'.repeat(126)}com/`)).not.toBeNull();
  });
});

describe('T-18: OUTBOUND_ALLOW_PRIVATE', () => {
  it.each([
    'http://localhost:3002/hooks',
    'http://127.0.0.1:1/',
    'http://[::1]:65535/',
    'http://10.0.0.1/',
    'http://receiver:8080/',
    'https://receiver.internal/',
    'https://[fd12::1]:9000/',
    'http://kubernetes.default.svc.cluster.local/',
    'https://100.64.0.1/',
  ])('allows a private host, at any port and without TLS: %s', (url) => {
    expect(describeEndpointUrlProblem(url, PRIVATE)).toBeNull();
    expect(describeEndpointUrlProblem(url, INTERNET)).not.toBeNull();
  });

  it.each([
    ...HOSTILE_URLS.neverAllowed,
    'http://169.254.169.254/',
    'http://[fe80::1]/',
    'http://0.0.0.0:80/',
  ])('does not allow %s', (url) => {
    expect(describeEndpointUrlProblem(url, PRIVATE)).toMatch(/^must not have a link-local/);
  });

  it.each(
    casesOf(['characters', 'userInfo', 'spelling', 'name', 'invalid']).map(([url, problem]) => [
      url.replace(/^https:/, 'http:'),
      problem,
    ]),
  )('does not allow a malformed URL: %j', (url, problem) => {
    expect(describeEndpointUrlProblem(url, PRIVATE)).toMatch(new RegExp(`^${problem}`));
  });

  it('does not allow a host of the internet without TLS, nor a port that does not exist', () => {
    expect(describeEndpointUrlProblem('http://8.8.8.8/', PRIVATE)).toBe('must start with https://');
    expect(describeEndpointUrlProblem('http://receiver:65536/', PRIVATE)).toMatch(/^must have a port/);
    expect(describeEndpointUrlProblem('http://receiver:0/', PRIVATE)).toMatch(/^must have a port/);
  });
});

describe('T-18: an accepted URL', () => {
  const piece = fc.constantFrom(
    ...[
      'https://',
      'http://',
      'hooks',
      'example',
      'com',
      '.',
      '..',
      '/',
      '\\',
      '@',
      ':',
      '443',
      '8443',
      '#',
      '?',
      '%',
      '%2e',
      '%40',
      '[',
      ']',
      '::1',
      '127',
      '0x7f',
      '0',
      '1',
      '。',
      'ü',
      '\t',
      '\n',
      ' ',
      '\0',
      '-',
      '_',
      'xn--',
      'localhost',
      '169.254.169.254',
      '::ffff:',
      ';',
      ',',
    ],
  );
  const hostile = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    fc.array(piece, { maxLength: 10 }).map((pieces) => `https://${pieces.join('')}`),
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
    fc.tuple(fc.ipV4Extended(), fc.ipV6()).map(([v4, v6]) => `https://${v4.length % 2 ? v4 : `[${v6}]`}/`),
    fc.string().map((text) => `https://hooks.example.com${text}`),
  );

  it.each([INTERNET, PRIVATE])('means the same host to every parser: as it is written (%j)', (rules) => {
    fc.assert(
      fc.property(hostile, (url) => {
        if (describeEndpointUrlProblem(url, rules) !== null) return;
        const parsed = new URL(url);
        // A simple parser: what stands between // and the next delimiter, without the port.
        const written = /^https?:\/\/(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::\d+)?(?=[/?]|$)/i.exec(url)?.[1];
        expect(written?.toLowerCase()).toBe(parsed.hostname);
        expect([parsed.username, parsed.password, parsed.hash]).toEqual(['', '', '']);
        expect(rules.allowPrivateNetworks || parsed.protocol === 'https:').toBe(true);
        expect(parsed.hostname).not.toMatch(/^169\.254|^\.|\.$|\.\./);
      }),
      { numRuns: 5_000 },
    );
  });
});
