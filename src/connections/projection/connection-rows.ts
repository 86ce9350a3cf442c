import { LIVE_STATUSES, type ConnectionStatus } from '../connection-status';
import type { ConnectionChange } from '../connection-events';
import type { Connection } from '../connection.entity';
import { textOfKey, type ConnectionKey } from './connection-key';
import type { ConnectionState } from './connection-reducer';
import { differs } from './connection-row';

/** A change of a connection, for the log and the metrics. */
export type ConnectionReport =
  | { what: 'merged'; connectionId: string; mergedId: string }
  | { what: 'provisional'; connectionId: string }
  | {
      what: 'status';
      connectionId: string;
      from: ConnectionStatus | null;
      to: ConnectionStatus;
      reason: string | null;
    };

/** The connections that a projection has read, and their changes. */
export class ConnectionRows {
  readonly inserted = new Set<Connection>();
  readonly updated = new Set<Connection>();
  /** Connections that were merged into another one. */
  readonly merged = new Set<Connection>();
  /** Stored connections that are due for a reconcile at once. */
  readonly reconcile = new Set<Connection>();
  readonly reports: ConnectionReport[] = [];
  /** The rows that changed since the last {@link takeChanges}, as they were before; null: they did not exist. */
  private readonly before = new Map<Connection, Connection | null>();
  private readonly ofKey = new Map<string, Connection[]>();
  private readonly ofId = new Map<string, Connection>();

  constructor(
    stored: Connection[],
    private readonly times: { now: Date; changedAt: Date },
  ) {
    for (const connection of stored) this.add(connection);
  }

  byId(id: string): Connection | null {
    return this.ofId.get(id) ?? null;
  }

  /** The connections of the key that began with one of the Terra users, oldest first. */
  of(key: ConnectionKey, terraUserIds: Set<string>): Connection[] {
    const rows = this.ofKey.get(textOfKey(key)) ?? [];
    return rows.filter(({ originTerraUserId }) => terraUserIds.has(originTerraUserId));
  }

  /** Whether the key has a live connection that began with none of the Terra users. */
  hasLiveBeside(key: ConnectionKey, terraUserIds: Set<string>): boolean {
    const rows = this.ofKey.get(textOfKey(key)) ?? [];
    return rows.some(
      ({ originTerraUserId, mergedInto, status }) =>
        !terraUserIds.has(originTerraUserId) && mergedInto === null && LIVE_STATUSES.includes(status),
    );
  }

  insert(connection: Connection): void {
    connection.updatedAt = this.times.changedAt;
    this.add(connection);
    this.inserted.add(connection);
    this.before.set(connection, null);
  }

  update(connection: Connection, change: Partial<Connection>, isNew = false): void {
    const from = isNew ? null : connection.status;
    const wasMerged = connection.mergedInto !== null;
    if (differs(connection, change)) {
      if (!this.before.has(connection)) this.before.set(connection, { ...connection });
      Object.assign(connection, change, { updatedAt: this.times.changedAt });
      if (!this.inserted.has(connection)) this.updated.add(connection);
      if (change.mergedInto) this.merged.add(connection);
    }
    const { id: connectionId, status: to, statusReason: reason, mergedInto } = connection;
    if (!wasMerged && mergedInto !== null)
      this.reports.push({ what: 'merged', connectionId: mergedInto, mergedId: connectionId });
    else if (isNew && connection.provisionalCheckAt) this.reports.push({ what: 'provisional', connectionId });
    else if (from !== to) this.reports.push({ what: 'status', connectionId, from, to, reason });
  }

  /** The changes since the last call, as copies. */
  takeChanges(): Pick<ConnectionChange, 'before' | 'after'>[] {
    const changes = [...this.before].map(([after, before]) => ({ before, after: { ...after } }));
    this.before.clear();
    return changes;
  }

  reconcileNow(key: ConnectionKey): void {
    for (const connection of this.ofKey.get(textOfKey(key)) ?? []) {
      if (connection.mergedInto !== null) continue;
      connection.reconcileAt = this.times.now;
      if (!this.inserted.has(connection)) this.reconcile.add(connection);
    }
  }

  private add(connection: Connection): void {
    const key = textOfKey(connection);
    const rows = this.ofKey.get(key);
    if (rows) rows.push(connection);
    else this.ofKey.set(key, [connection]);
    this.ofId.set(connection.id, connection);
  }
}

// A caller knows the id of an announced connection, so it comes before a provisional one, even if that is older.
export function rowsOf({ members }: ConnectionState, rows: Connection[]): Connection[] {
  const ids = new Set(members.map(({ terraUserId }) => terraUserId));
  const own = rows.filter(({ originTerraUserId }) => ids.has(originTerraUserId));
  return own.sort((a, b) => Number(a.provisionalCheckAt !== null) - Number(b.provisionalCheckAt !== null));
}
