/** A time that Terra, or whoever passes Terra's messages on, tells without a signature. Also the label of a metric. */
export type ToldTimeName = 'ordering_timestamp' | 'created_at' | 'last_webhook_update';
export type ToldTimeProblem = 'unreadable' | 'too_early' | 'too_late';

/** A time that is plausible, or null. `problem` says why a time that was told is not used. */
export interface ToldTime {
  time: Date | null;
  problem: ToldTimeProblem | null;
}

/** Both ends are plausible. */
export interface TimeBounds {
  earliest: Date;
  latest: Date;
}

// What two clocks may differ by. Terra tells a time before it signs or sends it, so a later time needs a wrong clock.
const CLOCK_DIFFERENCE_MS = 5 * 60_000;
// Terra resends events for 30 days, with their original ordering timestamp and a new signature. One day is for retries.
const RESEND_SPAN_MS = 31 * 86_400_000;
// Terra did not exist before. Software that does not know a time often sends the year 1 or 1970.
const FIRST_TERRA_USER = new Date('2020-01-01T00:00:00Z');

/** Rejects a time outside of the bounds: it would outrank every fact after it, or every fact before it. */
export function boundTime(told: Date | null, { earliest, latest }: TimeBounds): ToldTime {
  if (told === null) return { time: null, problem: null };
  if (Number.isNaN(told.getTime())) return { time: null, problem: 'unreadable' };
  if (told < earliest) return { time: null, problem: 'too_early' };
  return told > latest ? { time: null, problem: 'too_late' } : { time: told, problem: null };
}

/**
 * Reads `X-Terra-Ordering-Timestamp`, in unix milliseconds. The header is not signed, so the time of the signature bounds
 * it (T-13): not later than Terra can have emitted the event, not earlier than Terra resends events.
 */
export function readOrderingTime(header: string | string[] | undefined, signedAt: Date): ToldTime {
  if (header === undefined || header === '') return { time: null, problem: null };
  // Node joins repeated headers with a comma.
  const isNumber = typeof header === 'string' && /^\d{1,15}$/.test(header);
  return boundTime(new Date(isNumber ? Number(header) : NaN), {
    earliest: new Date(signedAt.getTime() - RESEND_SPAN_MS),
    latest: after(signedAt),
  });
}

/** The bounds for times in an answer of Terra that arrived at `answeredAt`. */
export function boundsOfAnswer(answeredAt: Date): TimeBounds {
  return { earliest: FIRST_TERRA_USER, latest: after(answeredAt) };
}

function after(time: Date): Date {
  return new Date(time.getTime() + CLOCK_DIFFERENCE_MS);
}
