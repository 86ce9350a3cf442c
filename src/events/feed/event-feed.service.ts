import { Injectable } from '@nestjs/common';
import { BrowserOptions } from '../../config';
import { toCloudEvent, type CloudEvent } from '../cloud-event';
import { EventLogRepository, type EventCriteria, type LogBounds } from '../event-log.repository';
import { EventCursorExpiredError, EventCursorUnknownError } from '../events.errors';
import { decodeCursor, encodeCursor } from './event-cursor';
import { EventLogWatch } from './event-log-watch';

// A filter that matches few events makes Postgres read many positions. A request reads a bounded number of them.
const WINDOW = 10_000;
const MAX_WINDOWS = 10;

export interface EventQuery extends EventCriteria {
  /** A cursor or `latest`; undefined: from the oldest event on. */
  after: string | undefined;
  limit: number;
  /** How many seconds to wait for an event if none is there. */
  wait: number;
}

/** A part of the log, in the order of positions. */
export interface EventPage {
  items: CloudEvent[];
  /** Where the next page starts, also when there are no more events yet. */
  nextCursor: string;
  hasMore: boolean;
}

/** Reads the log for callers. A caller that follows `nextCursor` gets each event once, in the order of commits. */
@Injectable()
export class EventFeed {
  constructor(
    private readonly repository: EventLogRepository,
    private readonly watch: EventLogWatch,
    private readonly options: BrowserOptions,
  ) {}

  /**
   * Waits until an event is there that matches, for `wait` seconds at most.
   *
   * @throws EventCursorUnknownError, EventCursorExpiredError
   */
  async read({ after, limit, wait, ...criteria }: EventQuery): Promise<EventPage> {
    const deadline = performance.now() + wait * 1_000;
    const { lastPosition: newest, horizon } = await this.repository.bounds();
    let lastPosition = newest;
    let position = startOf(after, { lastPosition, horizon });
    for (let windows = 0; ;) {
      const until = Math.min(position + WINDOW, lastPosition);
      const events =
        until > position ? await this.repository.read({ after: position, until }, criteria, limit) : [];
      position = events.length === limit ? Number(events.at(-1)?.position) : until;
      windows += 1;
      const remainingMs = deadline - performance.now();
      const isDone = events.length > 0 || windows === MAX_WINDOWS;
      if (isDone || (position === lastPosition && remainingMs <= 0)) {
        const items = events.map((event) => toCloudEvent(event, this.options.publicUrl));
        return { items, nextCursor: encodeCursor(position), hasMore: position < lastPosition };
      }
      if (position === lastPosition) {
        // Positions that are new, but do not match, are no reason to read more windows in vain.
        windows = 0;
        lastPosition = await this.watch.waitBeyond(position, remainingMs);
        if (lastPosition === position)
          return { items: [], nextCursor: encodeCursor(position), hasMore: false };
      }
    }
  }
}

function startOf(after: string | undefined, { lastPosition, horizon }: LogBounds): number {
  if (after === undefined) return horizon;
  if (after === 'latest') return lastPosition;
  const position = decodeCursor(after);
  if (position === null) throw new EventCursorUnknownError();
  // A cursor beyond the end is from before a restore of the database: the log has given its positions to other events.
  if (position < horizon || position > lastPosition) throw new EventCursorExpiredError();
  return position;
}
