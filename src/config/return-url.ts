import { BlockList, isIPv4 } from 'node:net';

// A browser runs or opens URLs with these schemes itself. They are never return URLs, even if RETURN_URLS lists them.
const FORBIDDEN_SCHEMES = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'file:',
  'blob:',
  'about:',
  'view-source:',
  'filesystem:',
  'ftp:',
  'ws:',
  'wss:',
  'intent:',
]);
// The WHATWG parser drops tabs and line breaks and turns backslashes into slashes; other parsers do not. An attacker
// makes an open redirect from a URL that two parsers read differently, so the service rejects these characters.
const AMBIGUOUS = /[\u0000-\u0020\u007f-\u009f\\\u00a0\u2028\u2029\ufeff]/;
const MAX_LENGTH = 2_048;

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

const LAN_ADDRESSES = new BlockList();
for (const [network, bits] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const)
  LAN_ADDRESSES.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  LAN_ADDRESSES.addSubnet(network, bits, 'ipv6');

/** Whether the host is an address of a local network (RFC 1918, RFC 3927, RFC 4193, RFC 4291). */
export function isLanAddress(hostname: string): boolean {
  if (isIPv4(hostname)) return LAN_ADDRESSES.check(hostname, 'ipv4');
  return hostname.startsWith('[') && LAN_ADDRESSES.check(hostname.slice(1, -1), 'ipv6');
}

/** Whether the host is a name of a local network (RFC 6762), such as `laptop.local`. */
export function isLanName(hostname: string): boolean {
  return hostname.endsWith('.local');
}

export function isWebUrl({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'http:';
}

/** The text between `//` and the path; null if the URL has none, such as `com.example.app:/connected`. */
export function authorityOf(text: string): string | null {
  return /^[^:/?#]+:\/\/([^/?#]*)/.exec(text)?.[1] ?? null;
}

/**
 * Parses a return URL: of a web page, of a program on the end user's own machine, or of an app. RFC 8252 has three forms
 * for apps: a private-use scheme (7.1), an https URL that the app claims (7.2), and http on the loopback interface (7.3).
 *
 * @returns the parsed URL, or why it is not allowed, as a sentence without its subject: 'is not a URL'
 */
export function parseReturnUrl(text: string): URL | string {
  if (text.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (AMBIGUOUS.test(text)) return 'contains a space, a backslash or a control character';
  if (!/^[a-z][a-z0-9+.-]*:\//i.test(text))
    return 'is not an absolute URL (scheme://host/path, or scheme:/path for an app)';
  if (!URL.canParse(text)) return 'is not a URL';
  const url = new URL(text);
  if (FORBIDDEN_SCHEMES.has(url.protocol)) return `has the scheme ${url.protocol}, which is never allowed`;
  const authority = authorityOf(text);
  if (url.username || url.password || authority?.includes('@')) return 'contains a user name or password';
  // The parser reads https:/host and https:///host as https://host. Other parsers find no host there.
  if (isWebUrl(url) && !authority) return 'has no host';
  if (!isWebUrl(url) && url.pathname.startsWith('//')) return 'has a path that starts with two slashes';
  if (url.protocol === 'http:' && ![isLoopback, isLanAddress, isLanName].some((is) => is(url.hostname)))
    return 'must use https (http only for localhost, and in development for a local network)';
  if (/%(2f|5c|00|0a|0d|09)/i.test(url.pathname))
    return 'contains an encoded separator or control character in its path';
  return url;
}
