import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock, sha256 } from '../../common';
import { afterCommit } from '../../database';
import { Metrics } from '../../observability';
import { ConnectionErasureRepository } from '../erasure/connection-erasure.repository';
import type { NewFact } from './connection-fact';
import { ConnectionFactRepository } from './connection-fact.repository';
import type { ConnectionIdentity } from './connection-identity.entity';
import { ConnectionProjector, type Projected } from './connection-projector.service';
import { ConnectionProjectionRepository } from './connection-projection.repository';
import type { Connection } from '../connection.entity';
import { DeauthenticationsService } from '../deauthentication/deauthentications.service';
import { pseudonymOf } from '../erasure/pseudonym';

// What was under way when it ended.
const LATE_DATA_MS = 10 * 60_000;

/** What a Terra user is, now that the facts are recorded. */
export interface RecordedUser {
  identity: ConnectionIdentity | null;
  /** null while nobody has told us whose account it is. */
  connection: Connection | null;
  /** Whether these very facts made the Terra user one of its connection's. */
  joined: boolean;
  /** Whether these facts name another reference than the one that it belongs to: never moved without a person deciding. */
  claimedByAnother: boolean;
  /** Whether the facts were dropped, because the person has been erased. */
  erased: boolean;
}

/** A Terra user, and the id that its provider has for the account. */
export interface TerraAccount {
  terraUserId: string;
  provider: string;
  accountId: string;
}

/**
 * The only writer of connections, whoever brings news: a webhook, a landing, a list of Terra's, or a request of ours. It
 * keeps facts and computes connections from all of them, so that late, doubled and disordered news end in the same state.
 */
@Injectable()
export class ConnectionLifecycleService {
  private readonly logger = new Logger(ConnectionLifecycleService.name);

  constructor(
    private readonly facts: ConnectionFactRepository,
    private readonly projection: ConnectionProjectionRepository,
    private readonly projector: ConnectionProjector,
    private readonly deauthentications: DeauthenticationsService,
    private readonly erasures: ConnectionErasureRepository,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /**
   * Records facts, and what follows from them.
   *
   * @returns by Terra user, for each that the facts name as theirs
   */
  async record(manager: EntityManager, facts: NewFact[]): Promise<Map<string, RecordedUser>> {
    const terraUserIds = usersOf(facts);
    await this.facts.lockTerraUsers(manager, terraUserIds);
    const before = byTerraUser(await this.projection.identities(manager, terraUserIds));
    const believed = await this.withoutErased(manager, facts, before);
    const kept = [...believed.values()];
    const added = await this.facts.add(manager, kept, this.clock.now());
    const after =
      added.size > 0
        ? await this.projector.project(manager, terraUserIds, before, kept)
        : await this.asTheyAre(manager, before);
    for (const fact of kept) if (fact.kind === 'disconnect_requested') await this.end(manager, fact, before);
    return new Map(
      facts.map((fact) => {
        const { identity = null, connection = null } = after.get(fact.terraUserId) ?? {};
        const owner = identity?.referenceId ?? null;
        const claimedByAnother = fact.referenceId != null && owner !== null && fact.referenceId !== owner;
        if (claimedByAnother) this.reportConflict(manager, fact, identity);
        const joined = connection !== null && !before.get(fact.terraUserId)?.connectionId;
        const erased = !believed.has(fact);
        return [fact.terraUserId, { identity, connection, joined, claimedByAnother, erased }];
      }),
    );
  }

  /**
   * Health data came for a Terra user. Proof that it is not quiet, and of nothing else: it may be old. If we have ended it
   * a while ago, Terra has not (T-24).
   */
  async touch(manager: EntityManager, terraUserId: string, at: Date): Promise<void> {
    const [identity] = await this.projection.identities(manager, [terraUserId]);
    if (identity?.endedCause === 'disconnected_by_us' && identity.endedAt) {
      const { connectionId, referenceId, endedAt } = identity;
      const isLate = at.getTime() < endedAt.getTime() + LATE_DATA_MS;
      if (!isLate) await this.deauthentications.reopen(manager, { terraUserId, connectionId, referenceId });
    } else if (identity) {
      await this.projection.touch(manager, terraUserId, at);
    } else {
      const erased = await this.facts.tombstonesOf(manager, {
        terraUserIds: [terraUserId],
        referenceIds: [],
      });
      const nobody = { terraUserId, connectionId: null, referenceId: null };
      if (erased.size > 0) await this.deauthentications.reopen(manager, nobody);
    }
  }

  /**
   * The provider's own id of an account is known. Terra lets two of our end users connect one account, and tells nobody
   * (T-16): both stay as they are, and somebody should know.
   */
  async noteAccount(manager: EntityManager, user: TerraAccount): Promise<void> {
    const digest = sha256(`${user.provider}:${user.accountId}`);
    if (!(await this.projection.noteAccount(manager, user.terraUserId, digest))) return;
    const sharers = await this.projection.sharersOf(manager, digest);
    if (sharers.length === 0) return;
    afterCommit(manager, () => {
      this.metrics.sharedAccounts.inc();
      this.logger.error({
        event: 'connection.account_shared',
        connectionIds: sharers.map(({ id }) => id).join(','),
      });
    });
  }

  private async asTheyAre(
    manager: EntityManager,
    identities: Map<string, ConnectionIdentity>,
  ): Promise<Map<string, Projected>> {
    const connections = await this.projection.connections(manager, [...identities.values()]);
    return new Map(
      [...identities].map(([id, identity]) => [
        id,
        { identity, connection: connections.get(identity.connectionId ?? '') ?? null },
      ]),
    );
  }

  // A request for one that we hold for ended already says that Terra still has it: the ledger needs a new row.
  private async end(
    manager: EntityManager,
    { terraUserId, actor, reason }: NewFact,
    before: Map<string, ConnectionIdentity>,
  ): Promise<void> {
    const known = before.get(terraUserId);
    await this.deauthentications.open(manager, {
      terraUserId,
      connectionId: known?.connectionId ?? null,
      referenceId: known?.referenceId ?? null,
      actor: actor ?? 'unknown',
      reason: reason ?? 'not said',
    });
  }

  // News about somebody who was erased is not kept. That Terra still tells of their account means that it has it.
  private async withoutErased(
    manager: EntityManager,
    facts: NewFact[],
    before: Map<string, ConnectionIdentity>,
  ): Promise<Map<NewFact, NewFact>> {
    const tombstones = await this.facts.tombstonesOf(manager, {
      terraUserIds: usersOf(facts),
      referenceIds: facts.flatMap(({ referenceId, oldReferenceId }) => [
        ...(referenceId ? [referenceId] : []),
        ...(oldReferenceId ? [oldReferenceId] : []),
      ]),
    });
    if (tombstones.size === 0) return new Map(facts.map((fact) => [fact, fact]));
    const kept = new Map<NewFact, NewFact>();
    for (const fact of facts) {
      const { terraUserId, kind } = fact;
      const erasedAt = tombstones.get(`end_user:${fact.referenceId}`);
      const isKnown = tombstones.has(`terra_user:${terraUserId}`);
      const isOfErased = isKnown || (erasedAt !== undefined && fact.occurredAt <= erasedAt);
      if (!isOfErased) kept.set(fact, pseudonymizeOld(fact, tombstones));
      else if (kind === 'linked' || kind === 'swapped') {
        const owner = before.get(terraUserId)?.referenceId ?? null;
        // A claim to what is somebody else's is no reason to end that.
        if (owner !== null && owner !== fact.referenceId) continue;
        // Until their erasure is complete, what Terra says of its end is still needed.
        if (!isKnown && erasedAt && owner === null)
          await this.erasures.buryTerraUser(manager, terraUserId, erasedAt);
        // By this name an erasure that is under way knows it for one of the person's, and waits for it.
        const referenceId = fact.referenceId && erasedAt ? pseudonymOf('end_user', fact.referenceId) : null;
        const request = { terraUserId, connectionId: null, referenceId, actor: 'erasure' };
        await this.deauthentications.open(manager, { ...request, reason: 'told of after the erasure' });
      }
    }
    return kept;
  }

  // T-16: nothing changes hands, and somebody should know.
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
  return [
    ...new Set(
      facts.flatMap(({ terraUserId, oldTerraUserId }) => [terraUserId, oldTerraUserId ?? []]).flat(),
    ),
  ];
}

// Who came back, or whose account somebody else has now, took the place of one that nothing may name any more.
function pseudonymizeOld(fact: NewFact, tombstones: Map<string, Date>): NewFact {
  const { oldTerraUserId: old, oldReferenceId, referenceId } = fact;
  if (old == null || !tombstones.has(`terra_user:${old}`)) return fact;
  const isOther = oldReferenceId != null && oldReferenceId !== referenceId;
  return {
    ...fact,
    oldTerraUserId: pseudonymOf('terra_user', old),
    oldReferenceId: isOther ? pseudonymOf('end_user', oldReferenceId) : oldReferenceId,
  };
}

function byTerraUser(identities: ConnectionIdentity[]): Map<string, ConnectionIdentity> {
  return new Map(identities.map((identity) => [identity.terraUserId, identity]));
}
