import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../common';
import { ConnectionIdentity, type IdentityCause } from './connection-identity.entity';
import { mayBecome, type ConnectionStatus } from './connection-status';
import { Connection } from './connection.entity';
import { ConnectionRepository } from './connection.repository';

/** What Terra says of one of its users, complete enough to link it. */
export interface LinkFact {
  terraUserId: string;
  referenceId: string;
  provider: string;
  /** null when the news does not name them. */
  scopes: string[] | null;
  /** When it happened by Terra's word; see `webhook_events.ordering_at`. */
  occurredAt: Date;
  cause: Extract<IdentityCause, 'auth' | 'landing' | 'user_reauth'>;
}

export type LinkOutcome =
  /** `isNew`: this very fact made the Terra user one of the connection's. */
  | { kind: 'linked'; connection: Connection; isNew: boolean }
  /** The Terra user has ended before this news arrived; nobody is connected. */
  | { kind: 'ended' }
  /** Terra's user belongs to another of our end users already: never moved without a person deciding. */
  | { kind: 'belongs_to_another' };

export type ChangeOutcome = 'changed' | 'unchanged' | 'unknown_user';

/**
 * The only writer of connections and identities, whoever brought the news: a webhook, a landing, or a request of ours.
 * News comes late, twice and out of order, so "already there" is success and older news loses to newer.
 */
@Injectable()
export class ConnectionLifecycleService {
  private readonly logger = new Logger(ConnectionLifecycleService.name);

  constructor(
    private readonly repository: ConnectionRepository,
    private readonly clock: Clock,
  ) {}

  async link(manager: EntityManager, fact: LinkFact): Promise<LinkOutcome> {
    await this.repository.lockTerraUsers(manager, fact.terraUserId);
    const identity = await this.repository.findIdentity(manager, fact.terraUserId);
    if (identity?.endedAt) return { kind: 'ended' };
    if (!identity?.connectionId) {
      return { kind: 'linked', connection: await this.connect(manager, fact), isNew: true };
    }
    const connection = await this.repository.getForUpdate(manager, identity.connectionId);
    if (connection.referenceId !== fact.referenceId) return this.ownerConflict(connection, fact);
    if (connection.terraUserId === fact.terraUserId) await this.refresh(manager, connection, fact);
    return { kind: 'linked', connection, isNew: false };
  }

  /** The Terra user has ended: final for the identity, and for the connection if it still was the one that counts. */
  async revoke(
    manager: EntityManager,
    terraUserId: string,
    cause: Extract<IdentityCause, 'deauth' | 'access_revoked' | 'disconnected_by_us'>,
    occurredAt: Date,
  ): Promise<ChangeOutcome> {
    await this.repository.lockTerraUsers(manager, terraUserId);
    const identity = await this.repository.findIdentity(manager, terraUserId);
    if (!identity) {
      // Remembered without an owner: when its `auth` arrives after all, it must not bring the user back.
      await manager.insert(ConnectionIdentity, { terraUserId, cause, firstSeenAt: occurredAt });
    }
    if (!identity?.endedAt) {
      await manager.update(ConnectionIdentity, { terraUserId }, { endedAt: occurredAt, endedCause: cause });
    }
    if (!identity?.connectionId) return identity ? 'unchanged' : 'unknown_user';
    const connection = await this.repository.getForUpdate(manager, identity.connectionId);
    if (connection.terraUserId !== terraUserId) return 'unchanged';
    return this.changeStatus(manager, connection, 'revoked', cause, occurredAt);
  }

  async markError(
    manager: EntityManager,
    terraUserId: string,
    reason: string,
    occurredAt: Date,
  ): Promise<ChangeOutcome> {
    const connection = await this.lockCurrent(manager, terraUserId);
    if (typeof connection === 'string') return connection;
    if (connection.status === 'revoked' || occurredAt < connection.statusAt) return 'unchanged';
    return this.changeStatus(manager, connection, 'error', reason, occurredAt);
  }

  /** Scopes were given or taken. `current` is all of them, if the news says so; the deltas apply on top. */
  async applyScopes(
    manager: EntityManager,
    terraUserId: string,
    change: { current: string[] | null; added: string[]; removed: string[] },
    occurredAt: Date,
  ): Promise<ChangeOutcome> {
    const connection = await this.lockCurrent(manager, terraUserId);
    if (typeof connection === 'string') return connection;
    if (occurredAt < connection.scopesAt) return 'unchanged';
    const kept = (change.current ?? connection.scopes).filter((scope) => !change.removed.includes(scope));
    const scopes = [...new Set([...kept, ...change.added])];
    await this.save(manager, connection, { scopes, scopesAt: occurredAt });
    return 'changed';
  }

  /** The account was connected again under the same reference: the connection stays, its Terra user is another. */
  async swap(
    manager: EntityManager,
    oldTerraUserId: string,
    fact: LinkFact,
  ): Promise<LinkOutcome | 'unknown_user'> {
    if (oldTerraUserId === fact.terraUserId) return this.link(manager, fact);
    await this.repository.lockTerraUsers(manager, oldTerraUserId, fact.terraUserId);
    const old = await this.repository.findIdentity(manager, oldTerraUserId);
    if (!old?.connectionId) return 'unknown_user';
    const connection = await this.repository.getForUpdate(manager, old.connectionId);
    if (connection.referenceId !== fact.referenceId) return this.ownerConflict(connection, fact);
    const next = await this.repository.findIdentity(manager, fact.terraUserId);
    if (old.supersededBy === fact.terraUserId) return { kind: 'linked', connection, isNew: false };
    if (next?.connectionId && next.connectionId !== connection.id) {
      const merged = await this.merge(manager, next.connectionId, connection);
      if (!merged) return { kind: 'belongs_to_another' };
    }
    if (next)
      await manager.update(ConnectionIdentity, { terraUserId: next.terraUserId }, ownerOf(connection));
    else await manager.insert(ConnectionIdentity, { ...identityOf(fact), connectionId: connection.id });
    await manager.update(
      ConnectionIdentity,
      { terraUserId: oldTerraUserId },
      { supersededBy: fact.terraUserId, supersededAt: fact.occurredAt },
    );
    // A chain of swaps may be told backwards: only the successor of the identity that counts takes its place.
    if (connection.terraUserId === oldTerraUserId && !next?.endedAt)
      await this.takeOver(manager, connection, fact);
    return { kind: 'linked', connection, isNew: !next };
  }

  private ownerConflict(connection: Connection, fact: LinkFact): LinkOutcome {
    this.logger.error({ event: 'connection.owner_conflict', connectionId: connection.id, cause: fact.cause });
    return { kind: 'belongs_to_another' };
  }

  private async connect(manager: EntityManager, fact: LinkFact): Promise<Connection> {
    const now = this.clock.now();
    const connection: Connection = {
      id: uuidv7(),
      referenceId: fact.referenceId,
      provider: fact.provider,
      terraUserId: fact.terraUserId,
      status: 'active',
      statusReason: null,
      statusAt: fact.occurredAt,
      scopes: fact.scopes ?? [],
      // News that names no scopes is no news of them: an older one that does may still come.
      scopesAt: fact.scopes ? fact.occurredAt : new Date(0),
      connectedAt: fact.occurredAt,
      disconnectedAt: null,
      mergedInto: null,
      createdAt: now,
      updatedAt: now,
    };
    await manager.insert(Connection, connection);
    await manager.insert(ConnectionIdentity, { ...identityOf(fact), connectionId: connection.id });
    this.logger.log({ event: 'connection.linked', connectionId: connection.id, cause: fact.cause });
    return connection;
  }

  private async refresh(manager: EntityManager, connection: Connection, fact: LinkFact): Promise<void> {
    if (fact.scopes && fact.occurredAt >= connection.scopesAt) {
      await this.save(manager, connection, { scopes: fact.scopes, scopesAt: fact.occurredAt });
    }
    if (connection.status === 'error' && fact.occurredAt >= connection.statusAt) {
      await this.changeStatus(manager, connection, 'active', null, fact.occurredAt);
    }
  }

  private async takeOver(manager: EntityManager, connection: Connection, fact: LinkFact): Promise<void> {
    await this.save(manager, connection, {
      terraUserId: fact.terraUserId,
      ...(fact.scopes ? { scopes: fact.scopes, scopesAt: fact.occurredAt } : {}),
    });
    await this.changeStatus(manager, connection, 'active', null, fact.occurredAt);
    this.logger.log({ event: 'connection.identity_superseded', connectionId: connection.id });
  }

  // `auth` of the new user came before the `user_reauth` that says whose account it is, and made a connection of its
  // own. Its id may have been seen, so the row stays and points to the one that it turned out to be.
  private async merge(manager: EntityManager, fromId: string, into: Connection): Promise<boolean> {
    const from = await this.repository.getForUpdate(manager, fromId);
    if (from.referenceId !== into.referenceId) return false;
    await manager.update(ConnectionIdentity, { connectionId: fromId }, { connectionId: into.id });
    await this.save(manager, from, { mergedInto: into.id });
    this.logger.log({ event: 'connection.merged', connectionId: into.id, mergedId: from.id });
    return true;
  }

  private async lockCurrent(
    manager: EntityManager,
    terraUserId: string,
  ): Promise<Connection | 'unchanged' | 'unknown_user'> {
    await this.repository.lockTerraUsers(manager, terraUserId);
    const identity = await this.repository.findIdentity(manager, terraUserId);
    if (!identity) return 'unknown_user';
    if (!identity.connectionId || identity.endedAt) return 'unchanged';
    const connection = await this.repository.getForUpdate(manager, identity.connectionId);
    return connection.terraUserId === terraUserId ? connection : 'unchanged';
  }

  private async changeStatus(
    manager: EntityManager,
    connection: Connection,
    status: ConnectionStatus,
    reason: string | null,
    occurredAt: Date,
  ): Promise<ChangeOutcome> {
    if (connection.status === status || !mayBecome(connection.status, status)) return 'unchanged';
    await this.save(manager, connection, {
      status,
      statusReason: reason,
      statusAt: occurredAt,
      disconnectedAt: status === 'revoked' ? occurredAt : null,
    });
    this.logger.log({ event: `connection.${status}`, connectionId: connection.id, reason });
    return 'changed';
  }

  private async save(
    manager: EntityManager,
    connection: Connection,
    change: Partial<Connection>,
  ): Promise<void> {
    Object.assign(connection, change, { updatedAt: this.clock.now() });
    await manager.update(Connection, { id: connection.id }, { ...change, updatedAt: connection.updatedAt });
  }
}

function identityOf(fact: LinkFact): Partial<ConnectionIdentity> {
  return {
    terraUserId: fact.terraUserId,
    referenceId: fact.referenceId,
    provider: fact.provider,
    cause: fact.cause,
    firstSeenAt: fact.occurredAt,
  };
}

function ownerOf(connection: Connection): Partial<ConnectionIdentity> {
  return { connectionId: connection.id, referenceId: connection.referenceId, provider: connection.provider };
}
