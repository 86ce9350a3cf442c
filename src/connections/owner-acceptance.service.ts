import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common';
import { afterCommit, inTransaction } from '../database';
import { TerraClient, type TerraUser } from '../terra';
import { isInUse } from './connection-status';
import { Connection } from './connection.entity';
import {
  ConnectionNotInUseError,
  OwnerDiffersError,
  OwnerErasedError,
  OwnerUnknownError,
} from './connections.errors';
import { ConnectionsService } from './connections.service';
import { DataSubjectsService } from './erasure/data-subjects.service';
import { ConnectionLifecycleService, type RecordedUser } from './projection/connection-lifecycle.service';

/** Who accepts an owner, and why. */
export interface OwnerAcceptance {
  actor: string;
  reason: string;
  /** The end user that the operator expects Terra to name; absent: any. */
  referenceId?: string;
}

/**
 * Changes the owner of a Terra user to the end user that Terra names, because an operator says so. No event and no list
 * can do that, or a claim would be enough to take over an account (T-16).
 */
@Injectable()
export class OwnerAcceptanceService {
  private readonly logger = new Logger(OwnerAcceptanceService.name);

  constructor(
    private readonly connections: ConnectionsService,
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly subjects: DataSubjectsService,
    private readonly terra: TerraClient,
    private readonly clock: Clock,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /**
   * Accepts the end user that Terra names for the Terra user of a connection. The connection becomes `moved`, and the end
   * user gets a connection of its own. Call it outside of any transaction. A second call changes nothing.
   *
   * @returns the connection that the Terra user has now
   * @throws ConnectionNotFoundError, ConnectionNotInUseError, OwnerUnknownError, OwnerDiffersError, OwnerErasedError,
   *   and the Terra errors of `terra.errors.ts`
   */
  async accept(id: string, acceptance: OwnerAcceptance): Promise<Connection> {
    const { terraUserId } = await this.connections.get(id);
    const found = await this.terra.findUser(terraUserId);
    const owner = found?.user.referenceId ?? null;
    if (!found || owner === null) throw new OwnerUnknownError();
    if (acceptance.referenceId !== undefined && acceptance.referenceId !== owner)
      throw new OwnerDiffersError();
    return inTransaction(this.dataSource, (manager) =>
      this.record(manager, { ...found.user, referenceId: owner }, acceptance),
    );
  }

  private async record(
    manager: EntityManager,
    user: TerraUser & { referenceId: string },
    { actor, reason }: OwnerAcceptance,
  ): Promise<Connection> {
    const { terraUserId, referenceId } = user;
    // An erasure that runs now would not see the new owner.
    await this.subjects.shareErasureLock(manager);
    await this.lifecycle.lock(manager, [terraUserId]);
    const former = await this.connections.ofTerraUser(manager, terraUserId);
    if (former?.referenceId === referenceId) return former;
    const referenceIds = [referenceId, former?.referenceId ?? []].flat();
    const tombstones = await this.subjects.tombstonesOf(manager, {
      terraUserIds: [terraUserId],
      referenceIds,
    });
    if (tombstones.size > 0) throw new OwnerErasedError();
    if (!former || !isInUse(former.status) || former.terraUserId !== terraUserId)
      throw new ConnectionNotInUseError();
    const [recorded] = await this.lifecycle.record(manager, [
      {
        terraUserId,
        kind: 'linked',
        cause: 'owner_accepted',
        source: 'api',
        occurredAt: this.clock.now(),
        referenceId,
        oldReferenceId: former.referenceId,
        provider: former.provider,
        scopes: user.scopes?.length ? user.scopes : former.scopes,
        actor,
        reason,
      },
    ]);
    const { connection } = recorded as RecordedUser;
    if (connection?.referenceId !== referenceId) throw new ConnectionNotInUseError();
    afterCommit(manager, () =>
      this.logger.log({
        event: 'connection.owner_accepted',
        connectionId: connection.id,
        formerConnectionId: former.id,
        actor,
      }),
    );
    return connection;
  }
}
