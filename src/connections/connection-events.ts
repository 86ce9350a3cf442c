import type { ConnectionEventType, NewEvent } from '../events';
import { isInUse } from './connection-status';
import type { Connection } from './connection.entity';
import { ConnectionDto } from './dto/connection.dto';
import { ORIGIN_OF_CAUSE, type Fact, type FactOrigin } from './projection/connection-fact';

/** A connection before and after a fact. */
export interface ConnectionChange {
  /** null: the service did not know the connection. */
  before: Connection | null;
  after: Connection;
  /** What led to the change; null: a provisional connection became visible. */
  fact: Pick<Fact, 'cause' | 'occurredAt' | 'actor' | 'reason'> | null;
}

/**
 * The event that tells callers of a change; null: there is nothing to tell. The last event of a connection always has its
 * present status, reason, Terra user and scopes, whatever the order of the facts was. Two reports of one happening often
 * differ by seconds, so a corrected time alone makes no event.
 */
export function eventOf({ before, after, fact }: ConnectionChange): NewEvent | null {
  const type = typeOf(before, after);
  if (type === null) return null;
  const previous = before && isVisible(before) ? before : null;
  return {
    type,
    referenceId: after.referenceId,
    connectionId: after.id,
    occurredAt: fact?.occurredAt ?? after.statusAt,
    data: {
      connection: ConnectionDto.from(after),
      previous: previous && ConnectionDto.from(previous),
      ...(type === 'connection.merged' ? { mergedInto: after.mergedInto } : {}),
      cause: fact?.cause ?? null,
      origin: fact && originOf(fact, before),
      actor: fact?.actor ?? null,
      reason: fact?.reason ?? null,
    },
  };
}

function typeOf(before: Connection | null, after: Connection): ConnectionEventType | null {
  const wasVisible = before !== null && isVisible(before);
  if (!isVisible(after)) return wasVisible ? 'connection.merged' : null;
  if (!wasVisible) return after.status === 'active' ? 'connection.connected' : TYPE_OF_STATUS[after.status];
  const isReconnected = before.terraUserId !== after.terraUserId && isInUse(after.status);
  if (before.status !== after.status) {
    if (after.status !== 'active') return TYPE_OF_STATUS[after.status];
    return before.status === 'needs_reauth' && !isReconnected
      ? 'connection.recovered'
      : 'connection.reconnected';
  }
  if (isReconnected) return 'connection.reconnected';
  if (before.scopes.join('\n') !== after.scopes.join('\n')) return 'connection.scopes_changed';
  // A late fact may change the reason or the ended Terra user of a connection, and not its status. The event of the status
  // then comes again, so that the last event is right.
  const isCorrected = before.statusReason !== after.statusReason || before.terraUserId !== after.terraUserId;
  return isCorrected ? TYPE_OF_STATUS[after.status] : null;
}

const TYPE_OF_STATUS = {
  active: 'connection.connected',
  needs_reauth: 'connection.needs_reauth',
  disconnecting: 'connection.disconnecting',
  disconnected: 'connection.disconnected',
  moved: 'connection.moved',
} as const satisfies Record<Connection['status'], ConnectionEventType>;

function isVisible({ provisionalCheckAt, mergedInto }: Connection): boolean {
  return provisionalCheckAt === null && mergedInto === null;
}

// Terra reports an end as `deauth` even if we requested it.
function originOf({ cause }: Pick<Fact, 'cause'>, before: Connection | null): FactOrigin {
  return cause === 'deauth' && before?.status === 'disconnecting' ? 'us' : ORIGIN_OF_CAUSE[cause];
}
