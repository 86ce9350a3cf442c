import type { NewEvent } from '../../events';
import { eventOf } from '../connection-events';
import { LIVE_STATUSES } from '../connection-status';
import type { Connection } from '../connection.entity';
import type { DeauthenticationRequest } from '../deauthentication/deauthentication.entity';
import type { Fact } from './connection-fact';
import type { ConnectionIdentity } from './connection-identity.entity';
import { distinctKeys, isSameKey, textOfKey, type ConnectionKey } from './connection-key';
import { mayContinueAnother, reduceConnections, type ConnectionState } from './connection-reducer';
import { differs, fieldsOf, identityOf, keyOf, newConnection } from './connection-row';
import { ConnectionRows, rowsOf, type ConnectionReport } from './connection-rows';
import { compactFacts, type Compaction } from './deciding-facts';
import { FactsByUser, isUnclearSwap, usersOf } from './facts-by-user';

// To mark covered facts takes a statement, and time to find them. Reading some of them costs less.
const COMPACTED_FROM = 32;
const COVERED_AT_ONCE = 16;

/** What the tables contain of the Terra users that new facts affect. */
export interface StoredProjection {
  facts: FactsByUser;
  identities: ConnectionIdentity[];
  /** The connections of these Terra users, oldest first, and of each key one that is live and has none of them. */
  connections: Connection[];
  /** The keys whose Terra users and connections are complete. */
  wholeKeys: ConnectionKey[];
  /** The time of the changes that follow from the facts; null if no connection is affected. */
  changedAt: Date | null;
}

/** The rows to write. */
export interface ProjectionChanges {
  facts: Fact[];
  compaction: Compaction;
  inserted: Connection[];
  updated: Connection[];
  /** Connections that are merged into another one since the start. */
  merged: Connection[];
  identities: ConnectionIdentity[];
  /** Terra users that Terra lists again: two more lists in a row must lack them before they end again. */
  listedAgain: string[];
  /** Stored connections that are due for a reconcile at once. */
  reconcile: Connection[];
  deauthentications: DeauthenticationRequest[];
  /** The connections that were active and succeed another one. */
  activeSuccessors: Connection[];
  reports: ConnectionReport[];
  /** In the order of the facts. */
  events: NewEvent[];
}

/** The Terra user of a fact when the fact is applied. */
export interface AppliedFact {
  identity: ConnectionIdentity | null;
  connection: Connection | null;
  /** Whether the fact added the Terra user to its connection. */
  joined: boolean;
}

/**
 * Applies facts one after the other to rows in memory, and collects the rows to write. So a set of facts leads to the same
 * rows and answers as the same facts one at a time.
 */
export class ProjectionModel {
  private readonly facts: FactsByUser;
  private readonly identities: Map<string, ConnectionIdentity>;
  private readonly rows: ConnectionRows;
  private readonly wholeKeys: Set<string>;
  private readonly added: Fact[] = [];
  private readonly written = new Set<string>();
  private readonly listedAgain = new Set<string>();
  private readonly deauthentications: DeauthenticationRequest[] = [];
  private readonly activeSuccessors = new Set<Connection>();
  private readonly events: NewEvent[] = [];

  constructor(
    stored: StoredProjection,
    private readonly now: Date,
  ) {
    this.facts = stored.facts;
    this.identities = new Map(stored.identities.map((identity) => [identity.terraUserId, identity]));
    this.wholeKeys = new Set(stored.wholeKeys.map(textOfKey));
    this.rows = new ConnectionRows(stored.connections, { now, changedAt: stored.changedAt ?? now });
  }

  /** The Terra user as it is after the facts so far. */
  current(terraUserId: string): AppliedFact {
    const identity = this.identities.get(terraUserId) ?? null;
    const connection = this.rows.byId(identity?.connectionId ?? '') ?? null;
    return {
      identity: identity && { ...identity },
      connection: connection && { ...connection },
      joined: false,
    };
  }

  apply(fact: Fact): AppliedFact {
    const { terraUserId } = fact;
    const before = this.identities.get(terraUserId) ?? null;
    if (this.facts.add(fact)) {
      this.added.push(fact);
      this.project(fact);
      for (const change of this.rows.takeChanges()) this.addEvent(eventOf({ ...change, fact }));
    }
    // Terra may still list a user that we ended before, and no connection changes then. So each request counts.
    if (fact.kind === 'disconnect_requested') this.requestEnd(fact, before);
    const after = this.current(terraUserId);
    return { ...after, joined: after.connection !== null && !before?.connectionId };
  }

  changes(): ProjectionChanges {
    return {
      facts: this.added,
      compaction: this.compact(),
      inserted: [...this.rows.inserted],
      updated: [...this.rows.updated],
      merged: [...this.rows.merged].filter(({ mergedInto }) => mergedInto !== null),
      identities: [...this.written].sort().flatMap((id) => this.identities.get(id) ?? []),
      listedAgain: [...this.listedAgain],
      reconcile: [...this.rows.reconcile],
      deauthentications: this.deauthentications,
      // A merge may give a connection the link of the other one.
      activeSuccessors: [...this.activeSuccessors].filter(
        ({ succeeds }) => succeeds !== null || this.rows.merged.size > 0,
      ),
      reports: this.rows.reports,
      events: this.events,
    };
  }

  private compact(): Compaction {
    const users = new Set(this.added.map(({ terraUserId }) => terraUserId));
    const compactions = [...users]
      .map((id) => ({ id, about: this.facts.about(id) }))
      .filter(({ about }) => about.length >= COMPACTED_FROM)
      .map(({ id, about }) => compactFacts(id, about))
      .filter(({ covered }) => covered.size >= COVERED_AT_ONCE);
    return {
      covered: new Set(compactions.flatMap(({ covered }) => [...covered])),
      digests: new Map(compactions.flatMap(({ digests }) => [...digests])),
    };
  }

  private project(fact: Fact): void {
    const users = usersOf(fact);
    // An owner change affects both owners, and a swap affects the owner of the replaced Terra user.
    const stored = [...users, ...this.facts.partnersOf(users)].flatMap((id) => this.identities.get(id) ?? []);
    const keys = distinctKeys([...users.map((id) => this.facts.ownerOf(id)), ...stored.map(keyOf)]);
    const projected = new Set(keys.flatMap((key) => this.projectKey(key, fact)));
    for (const id of users) {
      const state = projected.has(id) ? null : this.facts.stateOf(id);
      if (state) this.writeIdentity(identityOf(state, null));
    }
    const key = this.facts.ownerOf(fact.terraUserId);
    if (isUnclearSwap(fact) && key) this.rows.reconcileNow(key);
  }

  /** @returns the Terra users that have a connection of the key */
  private projectKey(key: ConnectionKey, fact: Fact): string[] {
    const focus = this.focusOf(key, fact);
    const states = reduceConnections(key, this.facts.aboutAll(focus));
    const rows = this.rows.of(key, focus);
    const unclaimed = new Set(rows);
    const isNewer = (state: ConnectionState): boolean =>
      isReported(state, fact) &&
      (mayContinueAnother(state, states, (other) => rowsOf(other, rows).length > 0) ||
        (LIVE_STATUSES.includes(state.status) && this.rows.hasLiveBeside(key, focus)));
    for (const state of states) {
      const [row, ...duplicates] = rowsOf(state, rows);
      const connection = row ?? newConnection(key, state, { now: this.now, isProvisional: isNewer(state) });
      if (!row) this.rows.insert(connection);
      this.rows.update(connection, { ...fieldsOf(state), mergedInto: null }, row === undefined);
      // A caller may know the id of a duplicate, so the row stays and points to the connection.
      for (const duplicate of duplicates) this.rows.update(duplicate, { mergedInto: connection.id });
      for (const member of state.members) this.writeIdentity(identityOf(member, connection.id));
      if (state.status === 'disconnecting') this.requestEndOf(connection, focus);
      if (state.status === 'active') this.activeSuccessors.add(connection);
      for (const claimed of [connection, ...duplicates]) unclaimed.delete(claimed);
    }
    // A late fact with an earlier time, or an operator, names another owner for the Terra users of these rows.
    const moved = {
      status: 'moved',
      statusReason: 'moved',
      statusAt: this.now,
      disconnectedAt: this.now,
    } as const;
    for (const row of unclaimed)
      if (row.mergedInto === null && row.status !== 'moved') this.rows.update(row, moved);
    return states.flatMap(({ members }) => members.map(({ terraUserId }) => terraUserId));
  }

  /**
   * The Terra users whose facts decide the connections of the key that the fact affects: those that swaps connect with the
   * fact's. A swap that does not name the old Terra user may replace any of the key, so then all of them count.
   */
  private focusOf(key: ConnectionKey, fact: Fact): Set<string> {
    const start = usersOf(fact);
    if (this.wholeKeys.has(textOfKey(key)))
      for (const identity of this.identities.values())
        if (isSameKey(keyOf(identity), key)) start.push(identity.terraUserId);
    return this.facts.connectedWith(start);
  }

  private addEvent(event: NewEvent | null): void {
    if (event) this.events.push(event);
  }

  private writeIdentity(wanted: Omit<ConnectionIdentity, 'missingSince' | 'inactiveSince'>): void {
    const { terraUserId } = wanted;
    const known = this.identities.get(terraUserId);
    if (known && !differs(known, wanted)) return;
    const isListedAgain = known?.endedCause === 'absent' && wanted.endedCause === null;
    if (isListedAgain) this.listedAgain.add(terraUserId);
    const missingSince = isListedAgain ? null : (known?.missingSince ?? null);
    this.identities.set(terraUserId, {
      ...wanted,
      missingSince,
      inactiveSince: known?.inactiveSince ?? null,
    });
    this.written.add(terraUserId);
  }

  private requestEndOf({ id, referenceId, terraUserId }: Connection, focus: Set<string>): void {
    const requests = this.facts.aboutAll(focus).filter(({ kind }) => kind === 'disconnect_requested');
    const latest = requests.reduce((last, one) => (one.occurredAt > last.occurredAt ? one : last));
    this.requestEnd({ ...latest, terraUserId }, { connectionId: id, referenceId });
  }

  private requestEnd(
    { terraUserId, actor, reason }: Pick<Fact, 'terraUserId' | 'actor' | 'reason'>,
    known: Pick<ConnectionIdentity, 'connectionId' | 'referenceId'> | null,
  ): void {
    this.deauthentications.push({
      terraUserId,
      connectionId: known?.connectionId ?? null,
      referenceId: known?.referenceId ?? null,
      actor: actor ?? 'unknown',
      reason: reason ?? 'no reason given',
    });
  }
}

// An event or a callback reports the connection now. Terra's lists and sweeps name each Terra user that Terra has, so a
// connection that they report needs no question.
function isReported({ members }: ConnectionState, { terraUserId, source }: Fact): boolean {
  return (
    (source === 'webhook' || source === 'callback') &&
    members.some((member) => member.terraUserId === terraUserId)
  );
}
