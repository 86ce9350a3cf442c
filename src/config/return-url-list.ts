import { authorityOf, isLanAddress, isLanName, isLoopback, isWebUrl, parseReturnUrl } from './return-url';

/** An entry of RETURN_URLS. */
interface ReturnUrlEntry {
  url: URL;
  /** RFC 8252, 7.3: an app listens on any free port of the loopback interface. */
  hasAnyPort: boolean;
  wildcard: HostWildcard | null;
}

/** What stands around the `*` of a host: `https://pr-*.example.com` has `pr-` before it and `.example.com` after it. */
interface HostWildcard {
  before: string;
  after: string;
}

// Anyone can get a host below these names, such as pulse-evil.vercel.app. So a wildcard at the end of the label, or for all
// of it, would allow the pages of strangers.
const SHARED_DOMAINS =
  /(?:^|\.)(?:vercel\.app|netlify\.app|netlify\.com|pages\.dev|workers\.dev|github\.io|gitlab\.io|herokuapp\.com|onrender\.com|fly\.dev|web\.app|firebaseapp\.com|run\.app|appspot\.com|azurewebsites\.net|azurestaticapps\.net|cloudfront\.net|amplifyapp\.com|amazonaws\.com|surge\.sh|railway\.app|ngrok\.app|ngrok\.io|ngrok-free\.app|ngrok-free\.dev|trycloudflare\.com|loca\.lt|(?:co|com|net|org|ac|gov)\.[a-z]{2})$/;

/**
 * Returns why an entry of RETURN_URLS is not valid, or null if it is valid. An entry that no return URL can match is not:
 * its author expects a match, and would search for the fault elsewhere.
 */
export function describeReturnUrlProblem(entry: string, isProduction: boolean): string | null {
  const parsed = parseEntry(entry);
  if (typeof parsed === 'string') return parsed;
  const { hostname, protocol } = parsed.url;
  if (isProduction && isLanAddress(hostname))
    return 'is an address of a local network, which only a service in development may list';
  if (isProduction && protocol === 'http:' && isLanName(hostname))
    return 'is a name of a local network without https, which only a service in development may list';
  return null;
}

/** The list of allowed return URLs. An entry allows its own path and the paths below it. */
export class ReturnUrlList {
  private readonly entries: ReturnUrlEntry[];

  /** @throws Error when an entry is not valid */
  constructor(entries: string[]) {
    this.entries = entries.map((entry) => {
      const parsed = parseEntry(entry);
      if (typeof parsed === 'string') throw new Error(`An entry of returnUrls ${parsed}.`);
      return parsed;
    });
  }

  allows(url: URL): boolean {
    return this.entries.some((entry) => isWithin(url, entry));
  }
}

function parseEntry(text: string): ReturnUrlEntry | string {
  const url = parseReturnUrl(text);
  if (typeof url === 'string') return url;
  if (text.includes('?')) return 'has a query: list it without the query';
  if (text.includes('#')) return 'has a fragment: list it without the fragment, then any fragment is allowed';
  if (url.pathname.includes('*'))
    return 'has a * in its path: list the path itself, which allows the paths below it';
  const wildcard = url.hostname.includes('*') ? parseWildcard(url) : null;
  if (typeof wildcard === 'string') return wildcard;
  const hasPort = /:\d+$/.test(authorityOf(text) ?? '');
  return { url, wildcard, hasAnyPort: url.protocol === 'http:' && isLoopback(url.hostname) && !hasPort };
}

/** `https://pr-*.example.com`: the wildcard stands for a part of the first label, or for all of it. */
function parseWildcard({ protocol, hostname }: URL): HostWildcard | string {
  const [label = '', ...others] = hostname.split('.');
  const domain = others.join('.');
  if (protocol !== 'https:' || domain.includes('*') || label.split('*').length !== 2)
    return 'has a * outside of the first label of an https host';
  if (
    others.filter((other) => other !== '').length < 2 ||
    (label.endsWith('*') && SHARED_DOMAINS.test(`.${domain}`))
  )
    return 'has a * for hosts that anyone can get: use it only below a domain of your own';
  const [before = '', after = ''] = hostname.split('*');
  return { before, after };
}

function matchesWildcard(hostname: string, { before, after }: HostWildcard): boolean {
  if (!hostname.startsWith(before) || !hostname.endsWith(after)) return false;
  // slice() is empty if `before` and `after` overlap in the host.
  return /^[a-z0-9-]{1,63}$/.test(hostname.slice(before.length, -after.length));
}

function isWithin(url: URL, { url: entry, wildcard, hasAnyPort }: ReturnUrlEntry): boolean {
  if (url.protocol !== entry.protocol) return false;
  // An app may read scheme:/path and scheme:///path differently, so the service does, too.
  if (!isWebUrl(url) && (authorityOf(url.href) === null) !== (authorityOf(entry.href) === null)) return false;
  if (!(wildcard ? matchesWildcard(url.hostname, wildcard) : url.hostname === entry.hostname)) return false;
  if (!hasAnyPort && url.port !== entry.port) return false;
  // "/connected" allows "/connected/x" but not "/connected-x".
  const prefix = entry.pathname.replace(/(?<!\/)\/+$/, '');
  return url.pathname === entry.pathname || url.pathname === prefix || url.pathname.startsWith(`${prefix}/`);
}
