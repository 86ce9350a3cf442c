import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { afterCommit } from '../../database';
import { Metrics } from '../../observability';
import { Connection } from '../connection.entity';
import { DeauthenticationsService } from '../deauthentication/deauthentications.service';
import { ErasedFactsService } from '../erasure/erased-facts.service';
import type { Tombstones } from '../erasure/tombstone.repository';
import type { NewFact } from './connection-fact';
import { ConnectionFactRepository } from './connection-fact.repository';
import type { ConnectionIdentity } from './connection-identity.entity';
import { ConnectionProjectionRepository } from './connection-projection.repository';
import { ConnectionProjector, type ProjectedUser } from './connection-projector.service';

/** A Terra user after its facts are recorded. */
export interface RecordedUser {
  identity: ConnectionIdentity | null;
  /** null while no fact names the owner. */
  connection: Connection | null;
  /** Whether these facts added the Terra user to its connection. */
  joined: boolean;
  /** Whether these facts name another reference than that of the owner. Such a claim does not change the owner. */
  claimedByAnother: boolean;
  /** Whether the service dropped the facts, because the end user is erased. */
  erased: boolean;
}

/**
 * Records facts from webhooks, callbacks, Terra's lists and our own requests. Only this service changes the status of
 * connections. It computes them from all stored facts, so that late, duplicate and reordered events lead to the same
 * state.
 */
@Injectable()
export class ConnectionLifecycleService {
  private readonly logger = new Logger(ConnectionLifecycleService.name);

  constructor(
    private readonly facts: ConnectionFactRepository,
    private readonly projection: ConnectionProjectionRepository,
    private readonly projector: ConnectionProjector,
    private readonly deauthentications: DeauthenticationsService,
    private readonly erased: ErasedFactsService,
    private readonly metrics: Metrics,
  ) {}

  /** Serialises the recording of facts about these Terra users, for a caller that must read before it records. */
  lock(manager: EntityManager, terraUserIds: string[]): Promise<void> {
    return this.facts.lockTerraUsers(manager, terraUserIds);
  }

  /**
   * Records facts, and computes the connections that they affect.
   *
   * @param known the tombstones of all ids that the facts name, if the caller has read them under the erasure lock
   * @returns the Terra user of each fact, in the order of the facts
   */
  async record(
    manager: EntityManager,
    facts: NewFact[],
    known?: { tombstones: Tombstones },
  ): Promise<RecordedUser[]> {
    const terraUserIds = usersOf(facts);
    await this.facts.lockTerraUsers(manager, terraUserIds);
    const before = byTerraUser(await this.projection.identities(manager, terraUserIds));
    const kept = await this.erased.filter(manager, facts, before, known?.tombstones);
    const stored = [...kept.values()];
    const after = (await this.facts.add(manager, stored))
      ? await this.projector.project(manager, terraUserIds, before, stored)
      : await this.unchanged(manager, before);
    for (const fact of stored)
      if (fact.kind === 'disconnect_requested') await this.deauthenticate(manager, fact, before);
    await this.endSucceeded(manager, [...after.values()]);
    return facts.map((fact) => {
      const { identity = null, connection = null } = after.get(fact.terraUserId) ?? {};
      const owner = identity?.referenceId ?? null;
      const claimedByAnother = fact.referenceId != null && owner !== null && fact.referenceId !== owner;
      if (claimedByAnother) this.reportConflict(manager, fact, identity);
      const joined = connection !== null && !before.get(fact.terraUserId)?.connectionId;
      return { identity, connection, joined, claimedByAnother, erased: !kept.has(fact) };
    });
  }

  /**
   * Links a connection with one of the same end user at another provider that succeeds it. The old one ends when the new
   * one is active: at once, or with a later fact about the new one.
   */
  async succeed(manager: EntityManager, oldId: string, newId: string, at: Date): Promise<void> {
    await this.projection.linkSuccessor(manager, oldId, newId, at);
    const successors = await manager.findBy(Connection, { id: newId });
    await this.endSucceeded(
      manager,
      successors.map((connection) => ({ connection })),
    );
  }

  // Names the Terra users: a later Terra user of the old connection means that the end user wants it again.
  private async endSucceeded(
    manager: EntityManager,
    users: Pick<ProjectedUser, 'connection'>[],
  ): Promise<void> {
    const connections = users.flatMap(({ connection }) => connection ?? []);
    const active = connections.filter(({ status, succeeds }) => status === 'active' && succeeds !== null);
    if (active.length === 0) return;
    const ended = await this.projection.succeededUsers(manager, active);
    const request = { kind: 'disconnect_requested', cause: 'succeeded', reason: 'succeeded' } as const;
    const facts = ended.map(({ terraUserId, succeededAt: occurredAt }): NewFact => {
      return { ...request, terraUserId, occurredAt, source: 'api', actor: 'succession' };
    });
    if (facts.length > 0) await this.record(manager, facts);
  }

  private async unchanged(
    manager: EntityManager,
    identities: Map<string, ConnectionIdentity>,
  ): Promise<Map<string, ProjectedUser>> {
    const connections = await this.projection.connections(manager, [...identities.values()]);
    return new Map(
      [...identities].map(([id, identity]) => [
        id,
        { identity, connection: connections.get(identity.connectionId ?? '') ?? null },
      ]),
    );
  }

  // Terra may still list a user that we ended before. The projector does not request its end again, so the new
  // disconnect request needs a new row.
  private async deauthenticate(
    manager: EntityManager,
    { terraUserId, actor, reason }: NewFact,
    before: Map<string, ConnectionIdentity>,
  ): Promise<void> {
    const known = before.get(terraUserId);
    await this.deauthentications.request(manager, [
      {
        terraUserId,
        connectionId: known?.connectionId ?? null,
        referenceId: known?.referenceId ?? null,
        actor: actor ?? 'unknown',
        reason: reason ?? 'no reason given',
      },
    ]);
  }

  // T-16: the owner does not change. The error in the log informs an operator of the claim.
  private reportConflict(manager: EntityManager, fact: NewFact, identity: ConnectionIdentity | null): void {
    const { cause, source } = fact;
    afterCommit(manager, () => {
      this.metrics.ownerConflicts.inc({ source });
      this.logger.error({
        event: 'connection.owner_conflict',
        connectionId: identity?.connectionId,
        cause,
        source,
      });
    });
  }
}

function usersOf(facts: NewFact[]): string[] {
  const named = facts.flatMap(({ terraUserId, oldTerraUserId }) => [terraUserId, oldTerraUserId ?? []]);
  return [...new Set(named.flat())];
}

function byTerraUser(identities: ConnectionIdentity[]): Map<string, ConnectionIdentity> {
  return new Map(identities.map((identity) => [identity.terraUserId, identity]));
}
