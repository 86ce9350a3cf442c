import type { Connection } from '../connection.entity';
import { isInUse } from '../connection-status';
import type { ConnectionIdentity } from '../projection/connection-identity.entity';

/** Why data of a Terra user does not leave the service. */
type WithheldCause = 'disconnecting' | 'disconnected' | 'moved' | 'merged' | 'erased' | 'no_terra_user';

/** What happens to data that a taker wants: it leaves, waits for news about its Terra user, or never leaves. */
export type DataPassage =
  | { kind: 'forwarded'; owner: DataOwner | null }
  | { kind: 'waiting' }
  | { kind: 'withheld'; cause: WithheldCause };

/** The Terra user of data and its connection. */
export type DataOwner = Pick<ConnectionIdentity, 'terraUserId'> &
  Pick<Connection, 'status' | 'mergedInto' | 'provisionalCheckAt'> & {
    connectionId: string;
    referenceId: string;
    endedAt: Date | null;
  };

/** The data as its body and the inbox tell it. */
export interface DataClaim {
  terraUserId: string | null;
  /** Whether Terra's event is a pointer, which may name no Terra user. */
  isPointer: boolean;
  /** Whether it names an erased end user or Terra user. */
  isErased: boolean;
}

/**
 * Decides about data (T-24). Only data of a connection that its end user wants may leave. A provisional connection may turn
 * out to be none, so its data waits until that is clear.
 *
 * @param owner null: the Terra user has no connection
 */
export function passageOf(
  { terraUserId, isPointer, isErased }: DataClaim,
  owner: DataOwner | null,
): DataPassage {
  if (isErased) return withheld('erased');
  if (terraUserId === null) return isPointer ? { kind: 'forwarded', owner: null } : withheld('no_terra_user');
  if (owner === null) return { kind: 'waiting' };
  if (owner.mergedInto !== null) return withheld('merged');
  if (!isInUse(owner.status)) return withheld(owner.status as WithheldCause);
  // The end user has ended this Terra user, and connected again as another one.
  if (owner.endedAt !== null) return withheld('disconnected');
  return owner.provisionalCheckAt === null ? { kind: 'forwarded', owner } : { kind: 'waiting' };
}

function withheld(cause: WithheldCause): DataPassage {
  return { kind: 'withheld', cause };
}
