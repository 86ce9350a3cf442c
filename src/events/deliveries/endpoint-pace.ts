import type { AttemptMeaning } from './answer-meaning';

const LANES_OF_PROCESS = 256;
/** How many lanes of one endpoint may be in flight in one process. */
export const MOST_LANES = 32;
const FEWEST_LANES = 2;
const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const MAX_EXPONENT = 10;

/** How fast this process may send to one endpoint. */
export interface Pace {
  /** How many lanes may be in flight. */
  lanes: number;
  /** Until when no delivery begins, in milliseconds since 1970. */
  pausedUntil: number;
  /** Failures of the whole endpoint, one after the other. */
  failures: number;
}

/**
 * How many lanes of one endpoint may be in flight. Each endpoint has its own share, so that a slow one takes nothing from the
 * others.
 */
export function lanesPerEndpoint(endpoints: number): number {
  return Math.max(FEWEST_LANES, Math.min(MOST_LANES, Math.floor(LANES_OF_PROCESS / Math.max(1, endpoints))));
}

export function newPace(share: number): Pace {
  return { lanes: share, pausedUntil: 0, failures: 0 };
}

/**
 * The pace after an attempt. An endpoint that is down or overloaded gets one lane and a pause, which doubles up to a minute or
 * is what the receiver asks for. Each accepted event doubles the lanes again.
 *
 * @param random a number from 0 to 1
 */
export function paceAfter(
  pace: Pace,
  { kind, ofWholeEndpoint, retryAfterMs }: AttemptMeaning,
  { share, now, random = Math.random() }: { share: number; now: Date; random?: number },
): Pace {
  if (kind === 'gone') return { ...pace, pausedUntil: Infinity };
  if (kind === 'accepted')
    return { lanes: Math.min(share, pace.lanes * 2), pausedUntil: pace.pausedUntil, failures: 0 };
  if (!ofWholeEndpoint) return pace;
  const ceilingMs = Math.min(
    SHORTEST_PAUSE_MS * 2 ** Math.min(pace.failures, MAX_EXPONENT),
    LONGEST_PAUSE_MS,
  );
  const pauseMs = Math.max(retryAfterMs ?? 0, ceilingMs / 2 + (random * ceilingMs) / 2);
  return {
    lanes: 1,
    pausedUntil: Math.max(pace.pausedUntil, now.getTime() + pauseMs),
    failures: pace.failures + 1,
  };
}
