import type { OutboundAnswer } from './answer-reader';

// Amazon S3 gives binary/octet-stream to files whose writer named no type.
const CONTENT_TYPE = /^(?:application\/(?:json|octet-stream)|binary\/octet-stream)\s*(?:;|$)/i;

/** Whether the host of a URL is one of the suffixes, or below one. Suffixes may start with a dot. */
export function isAllowedHost(url: string, suffixes: string[]): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return suffixes.some((suffix) => {
    const name = suffix.toLowerCase().replace(/^\./, '');
    return name !== '' && (hostname === name || hostname.endsWith(`.${name}`));
  });
}

/** Returns why an answer is not the file that was asked for, or null. */
export function describeDownloadProblem({ status, headers }: OutboundAnswer): string | null {
  if (status !== 200) return `STATUS_${status}`;
  if (!CONTENT_TYPE.test(String(headers['content-type'] ?? ''))) return 'CONTENT_TYPE';
  // The service asks for identity and decompresses nothing, so that a small file cannot become an endless one.
  const encoding = String(headers['content-encoding'] ?? 'identity');
  return encoding.toLowerCase() === 'identity' ? null : 'CONTENT_ENCODING';
}
