import type { OutboundError, OutboundErrorCode } from '../../outbound';
import { LINK_EVENT_TYPES, parseTerraEvent } from '../../terra';

/** The workers that fetch payloads, each one at a time: as many bodies of 15 MB are in memory. */
export const POINTER_WORKERS = [1, 2, 3, 4].map((number) => `payload-pointers-${number}`);

/** What a pointer of Terra says. */
export interface PayloadPointer {
  /** null: it names none. */
  url: string | null;
  /** The host of the URL, for the log. */
  host: string | null;
  /** For how long the URL is valid. */
  validMs: number;
}

const DEFAULT_VALID_SECONDS = 300;
const MAX_VALID_SECONDS = 3_600;

export function pointerOf(body: Buffer): PayloadPointer {
  const { url, expires_in: seconds } = parseTerraEvent(body)?.wire ?? {};
  const isUrl = typeof url === 'string' && URL.canParse(url);
  const given = typeof seconds === 'number' && seconds >= 0 ? seconds : DEFAULT_VALID_SECONDS;
  return {
    url: isUrl ? url : null,
    host: isUrl ? new URL(url).hostname : null,
    validMs: Math.min(given, MAX_VALID_SECONDS) * 1_000,
  };
}

/** What is wrong with a payload. */
type PayloadProblem = 'unreadable' | 'not_data';

/**
 * Terra signs only the pointer. A writer of the bucket could forge the payload, so the service takes neither an event about a
 * connection from there, nor a pointer to a further place.
 */
export function payloadProblemOf(body: Buffer): PayloadProblem | null {
  const event = parseTerraEvent(body);
  if (event === null) return 'unreadable';
  const refused: readonly (string | null)[] = [...LINK_EVENT_TYPES, 's3_payload'];
  return refused.includes(event.type) ? 'not_data' : null;
}

/** Why a payload is not fetched. `too_many_attempts`: the processes that tried have ended. */
export type PointerFailure = OutboundErrorCode | PayloadProblem | 'no_url' | 'too_many_attempts';

const RESEND = 'Then resend the event in Terra, which keeps it for 30 days.';
const CHECK_NETWORK = `Check the network of the service and its proxy. ${RESEND}`;

/** What an operator does about a pointer that was given up. */
export const ADVICE: Record<PointerFailure, string> = {
  url_forbidden: `If the host is that of Terra's bucket, add it to PAYLOAD_POINTER_HOSTS. ${RESEND}`,
  address_forbidden:
    'The host leads to an address that the service does not call. Check its DNS, and ask Terra whether the URL is theirs.',
  name_unresolved: CHECK_NETWORK,
  connection_failed: CHECK_NETWORK,
  tls_failed: `Check whether the host is Terra's, and NODE_EXTRA_CA_CERTS behind a proxy that opens TLS. ${RESEND}`,
  timed_out: CHECK_NETWORK,
  too_large: 'Ask Terra for smaller chunks: the service takes 15 MB.',
  answer_rejected: `With 403, the URL has expired or is not signed for this bucket: check whether the inbox is behind. ${RESEND}`,
  busy: `The process has too many requests under way. ${RESEND}`,
  aborted: RESEND,
  unreadable: 'The payload is no event of Terra. Ask Terra what is behind the URL.',
  not_data:
    'The payload is an event about a connection, or a pointer. Let Terra send events about connections without pointers; until then, start a sweep.',
  no_url: 'Terra has sent a pointer without a URL. Ask Terra.',
  too_many_attempts: `Check why processes end while they fetch it, for example for lack of memory. ${RESEND}`,
};

const IS_RETRIED: Record<OutboundErrorCode, boolean> = {
  url_forbidden: false,
  address_forbidden: false,
  name_unresolved: true,
  connection_failed: true,
  tls_failed: true,
  timed_out: true,
  too_large: false,
  answer_rejected: false,
  busy: true,
  aborted: true,
};

/** Whether another attempt may succeed. */
export function isRetried({ code, detail }: Pick<OutboundError, 'code' | 'detail'>): boolean {
  return IS_RETRIED[code] || /^STATUS_(?:408|429|5\d\d)$/.test(detail);
}
