import { OutboundError, type OutboundAnswer } from '../../outbound';
import { GIVE_UP_AFTER_MS } from './retry-schedule';

/**
 * What an attempt means for the delivery:
 *
 * - `accepted`: the receiver has the event
 * - `failed`: it has not, or the service cannot know
 * - `gone`: the receiver wants no further events
 * - `not_attempted`: the request did not leave the service, for a reason of its own
 */
export interface AttemptMeaning {
  kind: 'accepted' | 'failed' | 'gone' | 'not_attempted';
  /** The HTTP status; null without an answer. */
  status: number | null;
  /** Why there was no answer, as a code; null with one. */
  error: string | null;
  /** How long the receiver asks to wait; null: it does not. */
  retryAfterMs: number | null;
  /** Whether the failure is one of the receiver as a whole: it is overloaded or down, so other events would fail, too. */
  ofWholeEndpoint: boolean;
}

/** The receiver, or a proxy before it, says that it is overloaded or down. */
const THROTTLING = [429, 502, 503, 504];
const GONE = 410;

/** Redirects are failures: the service calls only the URL that it has checked (T-18). A cut body of a 2xx is none. */
export function meaningOfAnswer({ status, headers }: OutboundAnswer, now: Date): AttemptMeaning {
  const kind = status >= 200 && status < 300 ? 'accepted' : status === GONE ? 'gone' : 'failed';
  return {
    kind,
    status,
    error: null,
    retryAfterMs: kind === 'failed' ? readRetryAfter(headers['retry-after'], now) : null,
    ofWholeEndpoint: THROTTLING.includes(status),
  };
}

/** @throws the error itself, if it is none of the request */
export function meaningOfError(error: unknown): AttemptMeaning {
  if (!(error instanceof OutboundError)) throw error;
  const isOwn = error.code === 'aborted' || error.code === 'busy';
  return {
    kind: isOwn ? 'not_attempted' : 'failed',
    status: null,
    error: error.code,
    retryAfterMs: null,
    ofWholeEndpoint: !isOwn,
  };
}

/** Seconds or an HTTP date, in milliseconds from now and at most three days; null for anything else. */
function readRetryAfter(header: string | string[] | undefined, now: Date): number | null {
  if (typeof header !== 'string' || header.length > 64) return null;
  const text = header.trim();
  const ms = /^\d{1,10}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now.getTime();
  return ms > 0 ? Math.min(ms, GIVE_UP_AFTER_MS) : null;
}
