import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../common';
import { afterCommit } from '../../database';
import { Metrics } from '../../observability';
import { mayBecome, type ConnectionStatus } from '../connection-status';
import type { Connection } from '../connection.entity';
import { DeauthenticationsService } from '../deauthentication/deauthentications.service';
import type { Fact, NewFact } from './connection-fact';
import { ConnectionFactRepository } from './connection-fact.repository';
import type { ConnectionIdentity } from './connection-identity.entity';
import { ConnectionProjectionRepository, differs } from './connection-projection.repository';
import {
  isSameKey,
  mayContinueAnother,
  reduceConnections,
  reduceTerraUsers,
  type ConnectionState,
} from './connection-reducer';
import { fieldsOf, newConnection } from './connection-row';
import type { ConnectionKey, TerraUserState } from './terra-user-reducer';

/** A Terra user with its connection. */
export interface ProjectedUser {
  identity: ConnectionIdentity;
  connection: Connection | null;
}

interface ProjectionInput {
  terraUserIds: string[];
  before: Map<string, ConnectionIdentity>;
  added: NewFact[];
  /** All facts about these Terra users, and their reduced states. */
  facts: Fact[];
  states: Map<string, TerraUserState>;
}

/** Computes connections from facts and writes them, for Terra users whose locks the caller has. */
@Injectable()
export class ConnectionProjector {
  private readonly logger = new Logger(ConnectionProjector.name);

  constructor(
    private readonly facts: ConnectionFactRepository,
    private readonly projection: ConnectionProjectionRepository,
    private readonly deauthentications: DeauthenticationsService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /**
   * Writes the identities of these Terra users, and all connections of every connection key that the new facts affect.
   *
   * @param before the identities of the Terra users without the new facts, by Terra user
   * @returns the identities and connections with the new facts, by Terra user
   */
  async project(
    manager: EntityManager,
    terraUserIds: string[],
    before: Map<string, ConnectionIdentity>,
    added: NewFact[],
  ): Promise<Map<string, ProjectedUser>> {
    const facts = await this.facts.about(manager, terraUserIds);
    const states = reduceTerraUsers(facts);
    // An owner change affects both owners, and a swap affects the owner of the replaced Terra user.
    const elsewhere = [...states.keys()].filter((id) => !terraUserIds.includes(id));
    const others = await this.swapPartners(manager, elsewhere);
    const keys = distinct([
      ...terraUserIds.flatMap((id) => states.get(id)?.key ?? []),
      ...[...before.values(), ...others].flatMap((row) => keyOf(row) ?? []),
    ]);
    await this.facts.lockEndUsers(
      manager,
      keys.map(({ referenceId }) => referenceId),
    );
    const input = { terraUserIds, before, added, facts, states };
    const projected = new Map<string, ProjectedUser>();
    for (const key of keys) await this.projectKey(manager, key, input, projected);
    for (const id of terraUserIds) {
      const state = states.get(id);
      if (!state || projected.has(id)) continue;
      const identity = await this.projection.writeIdentity(manager, before.get(id), state, null);
      projected.set(id, { identity, connection: null });
    }
    return projected;
  }

  /**
   * Returns the other Terra users of swaps. Locks those without an owner, because another transaction may be recording
   * their owner and cannot see our facts. This can deadlock; `inTransaction` then repeats the work.
   */
  private async swapPartners(manager: EntityManager, terraUserIds: string[]): Promise<ConnectionIdentity[]> {
    if (terraUserIds.length === 0) return [];
    const rows = await this.projection.identities(manager, terraUserIds);
    const owned = new Set(rows.filter((row) => keyOf(row)).map(({ terraUserId }) => terraUserId));
    const unowned = terraUserIds.filter((id) => !owned.has(id));
    if (unowned.length === 0) return rows;
    await this.facts.lockTerraUsers(manager, unowned);
    return this.projection.identities(manager, terraUserIds);
  }

  private async projectKey(
    manager: EntityManager,
    key: ConnectionKey,
    input: ProjectionInput,
    projected: Map<string, ProjectedUser>,
  ): Promise<void> {
    const identities = await this.projection.identitiesOf(manager, key);
    const known = new Map([...input.before, ...identities.map((row) => [row.terraUserId, row] as const)]);
    const facts = await this.factsOf(manager, key, identities, input);
    const rows = await this.projection.connectionsOf(manager, key);
    const unclaimed = new Set(rows);
    const states = reduceConnections(key, facts);
    const hasRow = (state: ConnectionState): boolean => rowsOf(state, rows).length > 0;
    for (const state of states) {
      const [row, ...duplicates] = rowsOf(state, rows);
      const isProvisional = isReported(state, input.added) && mayContinueAnother(state, states, hasRow);
      const connection = row ?? newConnection(key, state, { now: this.clock.now(), isProvisional });
      if (!row) await this.projection.insertConnection(manager, connection);
      await this.update(manager, connection, { ...fieldsOf(state), mergedInto: null }, row === undefined);
      // A caller may know the id of a duplicate, so the row stays and points to the connection.
      for (const duplicate of duplicates)
        await this.update(manager, duplicate, { mergedInto: connection.id });
      for (const member of state.members) {
        const { terraUserId } = member;
        const before = known.get(terraUserId);
        const identity = await this.projection.writeIdentity(manager, before, member, connection.id);
        projected.set(terraUserId, { identity, connection });
      }
      if (state.status === 'disconnecting') await this.deauthenticate(manager, connection, facts);
      for (const claimed of [row, ...duplicates]) if (claimed) unclaimed.delete(claimed);
    }
    // A late fact with an earlier time, or an operator, names another owner for the Terra users of these rows.
    const now = this.clock.now();
    for (const row of unclaimed) {
      if (row.mergedInto !== null || row.status === 'moved') continue;
      const moved = { status: 'moved', statusReason: 'moved', statusAt: now, disconnectedAt: now } as const;
      await this.update(manager, row, moved);
    }
    if (input.added.some(isUnclearSwap)) await this.projection.reconcileNow(manager, key, now);
  }

  /** Returns all facts that decide the connections of a key. It reads them only if the input does not contain all. */
  private async factsOf(
    manager: EntityManager,
    key: ConnectionKey,
    identities: ConnectionIdentity[],
    { terraUserIds, facts, states }: ProjectionInput,
  ): Promise<Fact[]> {
    const mine = terraUserIds.filter((id) => isSameKey(states.get(id)?.key ?? null, key));
    const ids = new Set([...mine, ...identities.map(({ terraUserId }) => terraUserId)]);
    const about = facts.filter(
      ({ terraUserId, oldTerraUserId }) => ids.has(terraUserId) || ids.has(oldTerraUserId ?? ''),
    );
    const given = new Set(terraUserIds);
    const isComplete =
      [...ids].every((id) => given.has(id)) &&
      about.every(
        ({ terraUserId, oldTerraUserId: old }) => ids.has(terraUserId) && (old === null || ids.has(old)),
      );
    return isComplete ? about : this.facts.connectedWith(manager, [...ids]);
  }

  private async update(
    manager: EntityManager,
    connection: Connection,
    change: Partial<Connection>,
    isNew = false,
  ): Promise<void> {
    const from = isNew ? null : connection.status;
    const wasMerged = connection.mergedInto !== null;
    if (differs(connection, change)) {
      Object.assign(connection, change, { updatedAt: this.clock.now() });
      const { updatedAt } = connection;
      await this.projection.updateConnection(manager, connection.id, { ...change, updatedAt });
    }
    if (!wasMerged && connection.mergedInto !== null) {
      const { id: mergedId, mergedInto: connectionId } = connection;
      afterCommit(manager, () => this.logger.log({ event: 'connection.merged', connectionId, mergedId }));
    } else if (isNew && connection.provisionalCheckAt) {
      const { id: connectionId } = connection;
      afterCommit(manager, () => {
        this.logger.log({ event: 'connection.provisional', connectionId });
      });
    } else if (from !== connection.status) {
      const { id: connectionId, status: to, statusReason: reason } = connection;
      afterCommit(manager, () => this.report(connectionId, from, to, reason));
    }
  }

  private report(
    connectionId: string,
    from: ConnectionStatus | null,
    to: ConnectionStatus,
    reason: string | null,
  ): void {
    this.metrics.connectionChanges.inc({ status: to });
    const change = { connectionId, from, reason };
    this.logger.log({ event: from === null ? 'connection.linked' : `connection.${to}`, ...change });
    if (to === 'moved') this.logger.error({ event: 'connection.moved_to_another_end_user', ...change });
    // The facts decide the status. The table of transitions only says what we expect.
    if (from !== null && !mayBecome(from, to))
      this.logger.warn({ event: 'connection.unexpected_transition', to, ...change });
  }

  private async deauthenticate(manager: EntityManager, connection: Connection, facts: Fact[]): Promise<void> {
    const { id: connectionId, referenceId, terraUserId } = connection;
    const request = facts
      .filter(({ kind }) => kind === 'disconnect_requested')
      .reduce((latest, fact) => (fact.occurredAt > latest.occurredAt ? fact : latest));
    const { actor, reason } = request;
    const by = { actor: actor ?? 'unknown', reason: reason ?? 'no reason given' };
    await this.deauthentications.request(manager, [{ terraUserId, connectionId, referenceId, ...by }]);
  }
}

// A caller knows the id of an announced connection, so it comes before a provisional one, even if that is older.
function rowsOf({ members }: ConnectionState, rows: Connection[]): Connection[] {
  const ids = new Set(members.map(({ terraUserId }) => terraUserId));
  const own = rows.filter(({ originTerraUserId }) => ids.has(originTerraUserId));
  return own.sort((a, b) => Number(a.provisionalCheckAt !== null) - Number(b.provisionalCheckAt !== null));
}

function keyOf({ referenceId, provider }: ConnectionIdentity): ConnectionKey | null {
  return referenceId === null || provider === null ? null : { referenceId, provider };
}

function distinct(keys: ConnectionKey[]): ConnectionKey[] {
  return [...new Map(keys.map((key) => [JSON.stringify([key.referenceId, key.provider]), key])).values()];
}

// An event or a callback reports the connection now. Terra's lists and sweeps name each Terra user that Terra has, so a
// connection that they report needs no question.
function isReported({ members }: ConnectionState, added: NewFact[]): boolean {
  return added.some(
    ({ terraUserId, source }) =>
      (source === 'webhook' || source === 'callback') &&
      members.some((member) => member.terraUserId === terraUserId),
  );
}

// Terra did not name the replaced Terra user, and the facts may not show which one it was.
function isUnclearSwap({ kind, oldTerraUserId }: NewFact): boolean {
  return kind === 'swapped' && oldTerraUserId == null;
}
