import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { sha256 } from '../../common';
import { afterCommit } from '../../database';
import { Metrics } from '../../observability';
import { DeauthenticationsService } from '../deauthentication/deauthentications.service';
import { TombstoneRepository } from '../erasure/tombstone.repository';
import { ConnectionProjectionRepository } from './connection-projection.repository';
import { ReceivedDataRepository } from './received-data.repository';

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
   * Records that health data arrived for a Terra user. It does not prove that the provider accepts Terra, because the
   * data may be old. Data of a Terra user that the service ended a while ago means that Terra has not ended it, so the
   * service requests its end again (T-24).
   */
  async touch(manager: EntityManager, terraUserId: string, at: Date): Promise<void> {
    const [identity] = await this.projection.identities(manager, [terraUserId]);
    if (identity?.endedCause === 'disconnected_by_us' && identity.endedAt) {
      const { connectionId, referenceId, endedAt } = identity;
      if (at.getTime() < endedAt.getTime() + LATE_DATA_MS) return;
      await this.deauthentications.requestAgain(manager, { terraUserId, connectionId, referenceId });
    } else if (identity) {
      await this.repository.touch(manager, terraUserId, at);
    } else {
      const ids = { terraUserIds: [terraUserId], referenceIds: [] };
      const isErased = (await this.tombstones.find(manager, ids)).size > 0;
      const user = { terraUserId, connectionId: null, referenceId: null };
      if (isErased) await this.deauthentications.requestAgain(manager, user);
    }
  }

  /**
   * Stores a digest of the provider's own id of an account. Terra lets two end users connect one account and does not
   * report it (T-16). Both connections stay, and the service logs an error for an operator.
   */
  async storeAccount(manager: EntityManager, account: ProviderAccount): Promise<void> {
    const digest = sha256(`${account.provider}:${account.accountId}`);
    if (!(await this.repository.storeAccount(manager, account.terraUserId, digest))) return;
    const sharing = await this.repository.connectionsSharing(manager, digest);
    if (sharing.length === 0) return;
    afterCommit(manager, () => {
      this.metrics.sharedAccounts.inc();
      this.logger.error({ event: 'connection.account_shared', connectionIds: sharing.join(',') });
    });
  }
}
