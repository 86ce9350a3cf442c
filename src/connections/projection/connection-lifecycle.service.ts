import { Injectable, Logger } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import { afterCommit } from '../../database';
import { Metrics } from '../../observability';
import { Connection } from '../connection.entity';
import { DeauthenticationsService } from '../deauthentication/deauthentications.service';
import { ErasedFactsService } from '../erasure/erased-facts.service';
import type { Tombstones } from '../erasure/tombstone.repository';
import type { NewFact } from './connection-fact';
import { ConnectionFactRepository } from './connection-fact.repository';
import type { ConnectionIdentity } from './connection-identity.entity';
import { ConnectionProjector } from './connection-projector.service';
import { usersOf } from './facts-by-user';
import type { AppliedFact } from './projection-model';
import { ProviderSuccessionRepository, type Succession } from './provider-succession.repository';

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
    private readonly projector: ConnectionProjector,
    private readonly successions: ProviderSuccessionRepository,
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
   * @param known the tombstones of all ids that the facts name, if the caller has the erasure lock, and has read them after
   *   {@link lock} with all Terra users of the facts
   * @returns the Terra user of each fact, in the order of the facts
   */
  async record(
    manager: EntityManager,
    facts: NewFact[],
    known?: { tombstones: Tombstones },
  ): Promise<RecordedUser[]> {
    if (facts.length === 0) return [];
    const terraUserIds = [...new Set(facts.flatMap(usersOf))];
    if (!known) await this.facts.lockTerraUsers(manager, terraUserIds);
    const stored = await this.facts.deciding(manager, terraUserIds);
    const admission = await this.erased.admit(manager, facts, stored, known?.tombstones);
    const { applied, changes } = await this.projector.project(manager, admission, stored, terraUserIds);
    await this.deauthentications.request(manager, changes.deauthentications);
    await this.endSucceeded(manager, changes.activeSuccessors);
    return facts.map((fact, index) => {
      const { identity, connection, joined } = applied[index] as AppliedFact;
      const owner = identity?.referenceId ?? null;
      const claimedByAnother = fact.referenceId != null && owner !== null && fact.referenceId !== owner;
      if (claimedByAnother) this.reportConflict(manager, fact, identity);
      const erased = admission.steps[index]?.fact === null;
      return { identity, connection, joined, claimedByAnother, erased };
    });
  }

  /**
   * Links connections with those of the same end users at another provider that succeed them. An old one ends when the new
   * one is active: at once, or with a later fact about the new one.
   */
  async succeed(manager: EntityManager, successions: Succession[]): Promise<void> {
    if (successions.length === 0) return;
    await this.successions.linkSuccessors(manager, successions);
    const ids = successions.map(({ newId }) => newId);
    await this.endSucceeded(manager, await manager.findBy(Connection, { id: In(ids), status: 'active' }));
  }

  // Names the Terra users: a later Terra user of the old connection means that the end user wants it again.
  private async endSucceeded(manager: EntityManager, active: Connection[]): Promise<void> {
    if (active.length === 0) return;
    const ended = await this.successions.succeededUsers(manager, active);
    const request = { kind: 'disconnect_requested', cause: 'succeeded', reason: 'succeeded' } as const;
    const facts = ended.map(({ terraUserId, succeededAt: occurredAt }): NewFact => {
      return { ...request, terraUserId, occurredAt, source: 'api', actor: 'succession' };
    });
    if (facts.length > 0) await this.record(manager, facts);
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
