import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { sha256 } from '../../common';
import { afterCommit } from '../../database';
import { Metrics } from '../../observability';
import { DeauthenticationsService } from '../deauthentication/deauthentications.service';
import { TombstoneRepository, type Tombstones } from '../erasure/tombstone.repository';
import { ConnectionProjectionRepository } from './connection-projection.repository';
import { ReceivedDataRepository, type DataTouch } from './received-data.repository';

// Data that Terra sent before the disconnect arrives within this time.
const LATE_DATA_MS = 10 * 60_000;

/** A Terra user with the provider's own id of its account. */
export interface ProviderAccount {
  terraUserId: string;
  provider: string;
  accountId: string;
}

/** Updates connections when health data arrives. It never changes a status. */
@Injectable()
export class ReceivedDataService {
  private readonly logger = new Logger(ReceivedDataService.name);

  constructor(
    private readonly repository: ReceivedDataRepository,
    private readonly projection: ConnectionProjectionRepository,
    private readonly tombstones: TombstoneRepository,
    private readonly deauthentications: DeauthenticationsService,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Records that health data arrived for Terra users. It does not prove that the provider accepts Terra, because the
   * data may be old. Data of a Terra user that the service ended a while ago means that Terra has not ended it, so the
   * service requests its end again (T-24). The number of statements does not depend on that of the touches.
   *
   * @param known the tombstones of all Terra users, if the caller has read them under the erasure lock
   */
  async touch(
    manager: EntityManager,
    touches: DataTouch[],
    known?: { tombstones: Tombstones },
  ): Promise<void> {
    if (touches.length === 0) return;
    const latest = latestOf(touches);
    const identities = await this.projection.identities(manager, [...latest.keys()]);
    const identityOf = new Map(identities.map((identity) => [identity.terraUserId, identity]));
    const unknown = [...latest.keys()].filter((id) => !identityOf.has(id));
    const ended = identities.filter(({ endedCause }) => endedCause === 'disconnected_by_us');
    const present = identities.filter((identity) => !ended.includes(identity));
    if (present.length > 0)
      await this.repository.touch(
        manager,
        present.map(({ terraUserId }) => ({ terraUserId, at: latest.get(terraUserId) as Date })),
      );
    const remaining = ended.filter(({ terraUserId, endedAt }) => {
      return (latest.get(terraUserId) as Date).getTime() >= (endedAt as Date).getTime() + LATE_DATA_MS;
    });
    const erased = await this.erasedAmong(manager, unknown, known?.tombstones);
    await this.deauthentications.requestAgain(manager, [
      ...remaining.map(({ terraUserId, connectionId, referenceId }) => {
        return { terraUserId, connectionId, referenceId };
      }),
      ...erased.map((terraUserId) => ({ terraUserId, connectionId: null, referenceId: null })),
    ]);
  }

  /**
   * Stores a digest of the provider's own id of each account. Terra lets two end users connect one account and does not
   * report it (T-16). Both connections stay, and the service logs an error for an operator.
   */
  async storeAccounts(manager: EntityManager, accounts: ProviderAccount[]): Promise<void> {
    if (accounts.length === 0) return;
    const digests = new Map(
      accounts.map(({ terraUserId, provider, accountId }) => [
        terraUserId,
        sha256(`${provider}:${accountId}`),
      ]),
    );
    const stored = await this.repository.storeAccounts(manager, digests);
    if (stored.length === 0) return;
    const shared = await this.repository.connectionsSharing(manager, stored);
    afterCommit(manager, () => {
      for (const sharing of shared) {
        this.metrics.sharedAccounts.inc();
        this.logger.error({ event: 'connection.account_shared', connectionIds: sharing.join(',') });
      }
    });
  }

  private async erasedAmong(
    manager: EntityManager,
    terraUserIds: string[],
    known: Tombstones | undefined,
  ): Promise<string[]> {
    if (terraUserIds.length === 0) return [];
    const tombstones = known ?? (await this.tombstones.find(manager, { terraUserIds, referenceIds: [] }));
    return terraUserIds.filter((id) => tombstones.has(`terra_user:${id}`));
  }
}

function latestOf(touches: DataTouch[]): Map<string, Date> {
  const latest = new Map<string, Date>();
  for (const { terraUserId, at } of touches) {
    const other = latest.get(terraUserId);
    if (!other || at > other) latest.set(terraUserId, at);
  }
  return latest;
}
