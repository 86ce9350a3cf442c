// A browser runs or opens these schemes by itself. They are never return URLs, listed or not.
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
// The WHATWG parser drops tabs and line breaks and turns backslashes into slashes; other parsers do not. A URL that two
// parsers read differently is how open redirects are made, so these characters are refused.
const AMBIGUOUS = /[\u0000-\u0020\u007f-\u009f\\\u00a0\u2028\u2029\ufeff]/;
const MAX_LENGTH = 2_048;

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/**
 * Parses a URL that a browser may be sent to.
 *
 * @returns the parsed URL, or why it is refused: a sentence without its subject
 */
export function parseReturnUrl(text: string): URL | string {
  if (text.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (AMBIGUOUS.test(text)) return 'holds a blank, a backslash or a control character';
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return 'is not an absolute URL (scheme://host/path)';
  if (!URL.canParse(text)) return 'is not a URL';
  const url = new URL(text);
  if (FORBIDDEN_SCHEMES.has(url.protocol)) return `has the scheme ${url.protocol} which is never allowed`;
  if (url.username || url.password || text.split(/[/?#]/, 3)[2]?.includes('@'))
    return 'holds a user name or password';
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    return 'must use https (http only for localhost)';
  if ((url.protocol === 'http:' || url.protocol === 'https:') && url.hostname === '') return 'has no host';
  if (/%(2f|5c|00|0a|0d|09)/i.test(url.pathname)) return 'hides a separator or control character in its path';
  if (url.hash !== '') return 'has a fragment';
  return url;
}

/** Why an entry of RETURN_URLS cannot be used, or null when it can. */
export function describeReturnUrlProblem(entry: string): string | null {
  const url = parseReturnUrl(entry);
  if (typeof url === 'string') return url;
  return url.search === '' ? null : 'has a query: list the path only';
}
