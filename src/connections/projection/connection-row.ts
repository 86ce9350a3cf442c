import { v7 as uuidv7 } from 'uuid';
import type { Connection } from '../connection.entity';
import type { ConnectionState } from './connection-reducer';
import type { ConnectionKey } from './terra-user-reducer';

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
