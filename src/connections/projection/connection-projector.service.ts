import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../../common';
import { afterCommit } from '../../database';
import { Metrics } from '../../observability';
import type { Fact, NewFact } from './connection-fact';
import { ConnectionFactRepository } from './connection-fact.repository';
import type { ConnectionIdentity } from './connection-identity.entity';
import { ConnectionProjectionRepository, differs } from './connection-projection.repository';
import { isSameKey, reduceConnections, reduceTerraUsers, type ConnectionState } from './connection-reducer';
import { mayBecome, type ConnectionStatus } from '../connection-status';
import type { Connection } from '../connection.entity';
import { DeauthenticationsService } from '../deauthentication/deauthentications.service';
import type { TerraUserState, ConnectionKey } from './terra-user-reducer';

// Until the reconciler has been there and says when to come again.
const FIRST_REVIEW_MS = 24 * 3_600_000;

/** A Terra user, and the connection that it is of. */
export interface Projected {
  identity: ConnectionIdentity;
  connection: Connection | null;
}

interface ProjectionInput {
  terraUserIds: string[];
  before: Map<string, ConnectionIdentity>;
  added: NewFact[];
  /** About those Terra users, and what these come to. */
  facts: Fact[];
  states: Map<string, TerraUserState>;
}

/** Writes down what the facts come to, for the Terra users whose locks the caller holds. */
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
   * @param before the Terra users' identities as they were, by Terra user
   * @returns what they are now, by Terra user
   */
  async project(
    manager: EntityManager,
    terraUserIds: string[],
    before: Map<string, ConnectionIdentity>,
    added: NewFact[],
  ): Promise<Map<string, Projected>> {
    const facts = await this.facts.about(manager, terraUserIds);
    const states = reduceTerraUsers(facts);
    // Who changes hands changes both; and who took a place elsewhere changes where it was taken.
    const elsewhere = [...states.keys()].filter((id) => !terraUserIds.includes(id));
    const others = await this.partners(manager, elsewhere);
    const now = terraUserIds.flatMap((id) => states.get(id)?.owner ?? []);
    const owners = distinct([
      ...now,
      ...[...before.values(), ...others].flatMap((row) => ownerOf(row) ?? []),
    ]);
    await this.facts.lockEndUsers(
      manager,
      owners.map(({ referenceId }) => referenceId),
    );
    const news = { terraUserIds, before, added, facts, states };
    const projected = new Map<string, Projected>();
    for (const owner of owners) await this.projectOwner(manager, owner, news, projected);
    for (const id of terraUserIds) {
      const state = states.get(id);
      if (!state || projected.has(id)) continue;
      const identity = await this.projection.writeIdentity(manager, before.get(id), state, null);
      projected.set(id, { identity, connection: null });
    }
    return projected;
  }

  /**
   * Those on the other side of a swap. Of one without an owner, another transaction may be about to tell whose it is, and
   * would not see us either: its lock is waited for. Two that wait for each other are a deadlock, which is tried again.
   */
  private async partners(manager: EntityManager, terraUserIds: string[]): Promise<ConnectionIdentity[]> {
    if (terraUserIds.length === 0) return [];
    const rows = await this.projection.identities(manager, terraUserIds);
    const owned = new Set(rows.filter((row) => ownerOf(row)).map(({ terraUserId }) => terraUserId));
    const unowned = terraUserIds.filter((id) => !owned.has(id));
    if (unowned.length === 0) return rows;
    await this.facts.lockTerraUsers(manager, unowned);
    return this.projection.identities(manager, terraUserIds);
  }

  private async projectOwner(
    manager: EntityManager,
    owner: ConnectionKey,
    news: ProjectionInput,
    projected: Map<string, Projected>,
  ): Promise<void> {
    const identities = await this.projection.identitiesOf(manager, owner);
    const known = new Map([...news.before, ...identities.map((row) => [row.terraUserId, row] as const)]);
    const facts = await this.factsOf(manager, owner, identities, news);
    const rows = await this.projection.connectionsOf(manager, owner);
    const left = new Set(rows);
    for (const state of reduceConnections(owner, facts)) {
      const ids = new Set(state.members.map(({ terraUserId }) => terraUserId));
      const [row, ...doubles] = rows.filter(({ originTerraUserId }) => ids.has(originTerraUserId));
      const connection = row ?? this.newConnection(owner, state);
      if (!row) await this.projection.insertConnection(manager, connection);
      await this.update(manager, connection, { ...fieldsOf(state), mergedInto: null }, row === undefined);
      // Its id may have been seen, so a double stays and points to the one that it turned out to be.
      for (const double of doubles) await this.update(manager, double, { mergedInto: connection.id });
      for (const member of state.members) {
        const { terraUserId } = member;
        const before = known.get(terraUserId);
        const identity = await this.projection.writeIdentity(manager, before, member, connection.id);
        projected.set(terraUserId, { identity, connection });
      }
      if (state.status === 'disconnecting') await this.deauthenticate(manager, connection, facts);
      for (const one of [row, ...doubles]) if (one) left.delete(one);
    }
    // Earlier news than that which made them has named another owner.
    for (const row of left) {
      if (row.mergedInto === null) {
        await this.update(manager, row, { status: 'moved', statusReason: 'moved' });
      }
    }
    if (news.added.some(isUnclearSwap)) await this.projection.reconcileSoon(manager, owner, this.clock.now());
  }

  /** All facts that decide over an owner's connections; what the news brought is not read again if it is all there is. */
  private async factsOf(
    manager: EntityManager,
    owner: ConnectionKey,
    identities: ConnectionIdentity[],
    { terraUserIds, facts, states }: ProjectionInput,
  ): Promise<Fact[]> {
    const mine = terraUserIds.filter((id) => isSameKey(states.get(id)?.owner ?? null, owner));
    const ids = new Set([...mine, ...identities.map(({ terraUserId }) => terraUserId)]);
    const about = facts.filter(
      ({ terraUserId, oldTerraUserId }) => ids.has(terraUserId) || ids.has(oldTerraUserId ?? ''),
    );
    const told = new Set(terraUserIds);
    const isComplete =
      [...ids].every((id) => told.has(id)) &&
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
    // The facts are right; the table is what we thought could come of them.
    if (from !== null && !mayBecome(from, to))
      this.logger.warn({ event: 'connection.unexpected_transition', to, ...change });
  }

  private async deauthenticate(manager: EntityManager, connection: Connection, facts: Fact[]): Promise<void> {
    const { id: connectionId, referenceId, terraUserId } = connection;
    const request = facts
      .filter(({ kind }) => kind === 'disconnect_requested')
      .reduce((latest, fact) => (fact.occurredAt > latest.occurredAt ? fact : latest));
    const { actor, reason } = request;
    await this.deauthentications.open(manager, {
      terraUserId,
      connectionId,
      referenceId,
      actor: actor ?? 'unknown',
      reason: reason ?? 'not said',
    });
  }

  private newConnection(owner: ConnectionKey, state: ConnectionState): Connection {
    const now = this.clock.now();
    return {
      id: uuidv7(),
      ...owner,
      ...fieldsOf(state),
      originTerraUserId: state.terraUserId,
      mergedInto: null,
      accountDigest: null,
      lastDataAt: null,
      reconciledAt: null,
      reconcileAt: new Date(now.getTime() + FIRST_REVIEW_MS),
      createdAt: now,
      updatedAt: now,
    };
  }
}

function fieldsOf(
  state: ConnectionState,
): Pick<
  Connection,
  'terraUserId' | 'status' | 'statusReason' | 'statusAt' | 'scopes' | 'connectedAt' | 'disconnectedAt'
> {
  const { terraUserId, status, statusReason, statusAt, scopes, connectedAt, disconnectedAt } = state;
  return { terraUserId, status, statusReason, statusAt, scopes, connectedAt, disconnectedAt };
}

function ownerOf({ referenceId, provider }: ConnectionIdentity): ConnectionKey | null {
  return referenceId === null || provider === null ? null : { referenceId, provider };
}

function distinct(owners: ConnectionKey[]): ConnectionKey[] {
  return [
    ...new Map(owners.map((owner) => [JSON.stringify([owner.referenceId, owner.provider]), owner])).values(),
  ];
}

// Terra did not say whose place was taken, and it may not have been plain.
function isUnclearSwap({ kind, oldTerraUserId }: NewFact): boolean {
  return kind === 'swapped' && oldTerraUserId == null;
}
