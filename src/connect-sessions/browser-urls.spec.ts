import * as fc from 'fast-check';
import { ApplicationConfig } from '@nestjs/core';
import { PublicUrls } from '../http';
import { BrowserUrls } from './browser-urls';

const LISTED = [
  'https://app.example.com/devices',
  'https://shop.example.com:8443/a/b/',
  'http://localhost:4001/',
  'pulse://connected',
  'com.example.pulse:/connected',
  'https://pr-*.example.net/x',
  'http://127.0.0.1/callback',
];
const options = { publicUrl: 'https://connect.example.com', returnUrls: LISTED };
const urls = new BrowserUrls(new PublicUrls(new ApplicationConfig(), options), options);

function accepted(text: string): string | null {
  try {
    return urls.checkReturnUrl('returnUrl', text);
  } catch {
    return null;
  }
}

/** Whether a URL equals a listed entry, or continues it after `/`, `?` or `#`. The check may accept no other URL. */
function isWithinListed(url: string): boolean {
  // Only here, a URL may differ from the entry: one label after `pr-`, and the port of the loopback interface.
  const same = url
    .replace(/^(https:\/\/pr-)[a-z0-9-]+(?=\.example\.net\/)/, '$1*')
    .replace(/^(http:\/\/127\.0\.0\.1):\d+(?=\/)/, '$1');
  const prefixes = LISTED.map((entry) => entry.replace(/\/$/, ''));
  return [url, same].some((one) => isContinued(one, prefixes));
}

function isContinued(url: string, prefixes: string[]): boolean {
  return prefixes.some((one) => url === one || ['/', '?', '#'].some((next) => url.startsWith(one + next)));
}

const HOSTS = [
  'evil.example',
  'app.example.com.evil.example',
  'app.example.com%2eevil.example',
  'app.example.com%00.evil.example',
  'app.example.com%09.evil.example',
  'app.example.com。evil.example',
  'app.example.com．evil.example',
  'app.example.com:443.evil.example',
  'app.example.com@evil.example',
  'app.example.com:x@evil.example',
  'app.example.com%40evil.example',
  'app.example.com%2f@evil.example',
  'app.example.com\\@evil.example',
  'app.example.com\\.evil.example',
  'app.example.com#@evil.example',
  'app.example.com?@evil.example',
  'app.example.com;@evil.example',
  'evil.example#app.example.com',
  'evil.example?app.example.com',
  'evil.example\\app.example.com',
  'evilapp.example.com',
  'xapp.example.com',
  'app.example.co',
  'app.example.com.',
  'аpp.example.com',
  'app.exаmple.com',
  'xn--pp-8ia.example.com',
  'example.com',
  '*.example.com',
  'app.example.com:8443',
  'app.example.com:80',
  '127.0.0.1:4001',
  '0.0.0.0:4001',
  '[::1]:4001',
  'localhost:4002',
  'localhost.evil.example:4001',
  '2130706433:4001',
  '0x7f.1:4001',
  '169.254.169.254',
  '',
];
const SCHEMES = [
  'https://',
  'http://',
  'HTTPS://',
  'https:',
  'https:/',
  'https:///',
  'https:\\\\',
  '//',
  '\\\\',
  '///',
  'ftp://',
  'ws://',
  'pulse://',
  'javascript://',
  'data://',
  'blob:https://',
  'view-source:https://',
  'ht\ttps://',
  'https\n://',
  ' https://',
  '\u0000https://',
];
const PATHS = ['', '/', '/devices', '/devices/../..', '/%64evices', '/devices%2f..%2f..'];

describe('T-04: the check of return URLs', () => {
  it('rejects hostile hosts with every scheme and every path', () => {
    const corpus = SCHEMES.flatMap((scheme) =>
      HOSTS.flatMap((host) => PATHS.map((path) => `${scheme}${host}${path}`)),
    );
    expect(corpus.length).toBeGreaterThan(4_000);
    expect(corpus.filter((url) => accepted(url) !== null)).toEqual([]);
  });

  it('rejects paths that lead out of the listed path', () => {
    const dots = ['..', '%2e%2e', '.%2e', '%2E.', '%2e%2E'];
    const slashes = ['/', '\\', '%2f', '%5c', '%2F', '%5C'];
    const traversals = dots.flatMap((dot) => slashes.map((slash) => `/devices${slash}${dot}${slash}admin`));
    const within = [...slashes.slice(2), '%00', '%0a', '%0D', '%09'].map(
      (hidden) => `/devices/..${hidden}admin`,
    );
    const others = [
      '/device',
      '/devices2',
      '/devices-x',
      '/Devices',
      '/devices%20',
      '/devices;x',
      '//devices',
    ];
    const corpus = [
      ...traversals,
      ...within,
      ...others,
      '/devices/\t../x',
      '/devices/a\r\nb',
      '/devices%0a',
      '/devices%00',
    ];
    expect(corpus.filter((path) => accepted(`https://app.example.com${path}`) !== null)).toEqual([]);
  });

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java\nscript:alert(1)',
    'javascript://app.example.com/devices/%0aalert(1)',
    'data:text/html,hello',
    'vbscript:x',
    'file:///etc/passwd',
    'about:blank',
    'intent://connected#Intent;scheme=pulse;end',
    'pulse:connected',
    'pulse:/connected',
    'pulse:///connected',
    'pulse://connected@evil.example',
    'pulse://connected:1',
    'pulse://connectedx',
    'pulse://x.connected',
    'pulses://connected',
    'https://user:password@app.example.com/devices',
    'https://:@app.example.com/devices',
    'https://@app.example.com/devices',
    'https:///app.example.com/devices',
    'https:/app.example.com/devices',
    'devices',
    '?x',
    '',
  ])('rejects %j', (url) => {
    expect(accepted(url)).toBeNull();
  });

  it('rejects a URL that is too long for some browsers', () => {
    expect(accepted(`https://app.example.com/devices/${'x'.repeat(2_100)}`)).toBeNull();
  });

  it.each([
    ['https://app.example.com/devices', 'https://app.example.com/devices'],
    ['https://app.example.com/devices/', 'https://app.example.com/devices/'],
    ['https://app.example.com/devices/a%20b?x=1&y=%2f', 'https://app.example.com/devices/a%20b?x=1&y=%2f'],
    ['HTTPS://APP.example.com:443/devices', 'https://app.example.com/devices'],
    ['https://shop.example.com:8443/a/b', 'https://shop.example.com:8443/a/b'],
    ['http://localhost:4001/any/where', 'http://localhost:4001/any/where'],
    ['pulse://connected', 'pulse://connected'],
    ['pulse://connected/x', 'pulse://connected/x'],
    ['https://app.example.com/devices#/list?x=1', 'https://app.example.com/devices#/list?x=1'],
    ['pulse://connected#top', 'pulse://connected#top'],
    ['com.example.pulse:/connected', 'com.example.pulse:/connected'],
    ['https://pr-17.example.net/x', 'https://pr-17.example.net/x'],
    ['http://127.0.0.1:50123/callback', 'http://127.0.0.1:50123/callback'],
  ])('accepts %s', (url, stored) => {
    expect(accepted(url)).toBe(stored);
  });

  it('accepts only URLs within the list, for any text', () => {
    const piece = fc.constantFrom(
      ...SCHEMES,
      ...HOSTS,
      ...LISTED,
      ...[
        '/',
        '\\',
        '@',
        ':',
        '#',
        '?',
        '.',
        '..',
        '%2e',
        '%2f',
        '%',
        '\t',
        ' ',
        ';',
        '&',
        '=',
        '。',
        '[',
        ']',
      ],
      ...['app.example.com', 'devices', 'connected', 'localhost', '4001', '443'],
      ...['pr-', '*', '.example.net', 'example.net/x', '127.0.0.1', 'callback', 'com.example.pulse:/'],
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join('')),
      fc
        .tuple(fc.constantFrom(...LISTED), fc.array(fc.oneof(piece, fc.string({ unit: 'binary' }))))
        .map(([entry, rest]) => entry + rest.join('')),
      fc.tuple(fc.constantFrom(...LISTED), fc.nat(60), fc.string()).map(([entry, at, junk]) => {
        return entry.slice(0, at) + junk + entry.slice(at);
      }),
      fc.webUrl({ withFragments: true, withQueryParameters: true }),
    );
    fc.assert(
      fc.property(text, (url) => {
        const stored = accepted(url);
        if (stored === null) return;
        expect(isWithinListed(stored)).toBe(true);
        // A browser and every later parser read the URL exactly as the check did.
        expect(new URL(stored).href).toBe(stored);
        expect(stored).not.toMatch(/[\s\\]|^[^/]*\/\/[^/]*@/);
      }),
      { numRuns: 5_000, seed: 4711 },
    );
  });
});
