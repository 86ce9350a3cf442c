import { v7 as uuidv7 } from 'uuid';
import type { Connection } from '../connection.entity';
import type { ConnectionIdentity } from './connection-identity.entity';
import type { ConnectionKey } from './connection-key';
import type { ConnectionState } from './connection-reducer';
import type { Succession } from './successions';
import type { TerraUserState } from './terra-user-reducer';

// When the first reconcile of a new connection is due. Each reconcile then schedules the next one.
const FIRST_RECONCILE_MS = 24 * 3_600_000;

/** The row of a connection that the service does not know yet. */
export function newConnection(
  key: ConnectionKey,
  state: ConnectionState,
  { now, isProvisional }: { now: Date; isProvisional: boolean },
): Connection {
  return {
    id: uuidv7(),
    ...key,
    ...fieldsOf(state),
    originTerraUserId: state.terraUserId,
    mergedInto: null,
    provisionalCheckAt: isProvisional ? now : null,
    succeeds: null,
    succeededBy: null,
    succeededAt: null,
    accountDigest: null,
    lastDataAt: null,
    reconciledAt: null,
    reconcileAt: new Date(now.getTime() + FIRST_RECONCILE_MS),
    createdAt: now,
    updatedAt: now,
  };
}

/** The columns that the reducer decides. */
export function fieldsOf(
  state: ConnectionState,
): Pick<
  Connection,
  'terraUserId' | 'status' | 'statusReason' | 'statusAt' | 'scopes' | 'connectedAt' | 'disconnectedAt'
> {
  const { terraUserId, status, statusReason, statusAt, scopes, connectedAt, disconnectedAt } = state;
  return { terraUserId, status, statusReason, statusAt, scopes, connectedAt, disconnectedAt };
}

/** The columns of an identity that the reducer decides. */
export function identityOf(
  state: TerraUserState & { supersededBy?: Succession | null },
  connectionId: string | null,
): Omit<ConnectionIdentity, 'missingSince' | 'inactiveSince'> {
  const { terraUserId, key, firstSeen, linkedAt, ended, supersededBy } = state;
  return {
    terraUserId,
    connectionId,
    referenceId: key?.referenceId ?? null,
    provider: key?.provider ?? null,
    cause: firstSeen.cause,
    firstSeenAt: firstSeen.at,
    linkedAt,
    supersededBy: supersededBy?.terraUserId ?? null,
    supersededAt: supersededBy?.at ?? null,
    endedAt: ended?.at ?? null,
    endedCause: ended?.cause ?? null,
  };
}

/** The connection key of an identity; null while no fact names it. */
export function keyOf({ referenceId, provider }: ConnectionIdentity): ConnectionKey | null {
  return referenceId === null || provider === null ? null : { referenceId, provider };
}

/** Whether writing `wanted` would change the row. */
export function differs<Row extends object>(row: Row, wanted: Partial<Row>): boolean {
  return Object.entries(wanted).some(([name, value]) => {
    const present = row[name as keyof Row] ?? null;
    if (present instanceof Date && value instanceof Date) return present.getTime() !== value.getTime();
    if (Array.isArray(present) && Array.isArray(value)) {
      const items = value as unknown[];
      return present.length !== items.length || present.some((item, index) => item !== items[index]);
    }
    return present !== (value ?? null);
  });
}
