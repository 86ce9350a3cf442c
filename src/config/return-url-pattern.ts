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

/**
 * Parses a return URL.
 *
 * @returns the parsed URL, or why it is not allowed, as a sentence without its subject: 'is not a URL'
 */
export function parseReturnUrl(text: string): URL | string {
  if (text.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (AMBIGUOUS.test(text)) return 'contains a space, a backslash or a control character';
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return 'is not an absolute URL (scheme://host/path)';
  if (!URL.canParse(text)) return 'is not a URL';
  const url = new URL(text);
  if (FORBIDDEN_SCHEMES.has(url.protocol)) return `has the scheme ${url.protocol}, which is never allowed`;
  if (url.username || url.password || text.split(/[/?#]/, 3)[2]?.includes('@'))
    return 'contains a user name or password';
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    return 'must use https (http only for localhost)';
  if ((url.protocol === 'http:' || url.protocol === 'https:') && url.hostname === '') return 'has no host';
  if (/%(2f|5c|00|0a|0d|09)/i.test(url.pathname))
    return 'contains an encoded separator or control character in its path';
  if (url.hash !== '') return 'has a fragment';
  return url;
}

/** Returns why an entry of RETURN_URLS is not valid, or null if it is valid. */
export function describeReturnUrlProblem(entry: string): string | null {
  const url = parseReturnUrl(entry);
  if (typeof url === 'string') return url;
  return url.search === '' ? null : 'has a query: list it without the query';
}
