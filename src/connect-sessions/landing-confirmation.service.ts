import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { ConnectionLifecycleService, type RecordedUser } from '../connections';
import { inTransaction } from '../database';
import { ConnectionReconcilerService, type Confirmation } from '../reconciliation';
import type { ConnectSession } from './connect-session.entity';
import { SessionOutcomeService } from './session-outcome.service';

export type LandingOutcome =
  'linked' | 'erased' | 'belongs_to_another' | Extract<Confirmation, { confirmed: false }>['cause'];

// Terra may be away, and may know a user a little later than its widget does. Whose a user is does not change: a
// forged landing costs one question.
const MAY_BE_CONFIRMED_LATER: readonly LandingOutcome[] = [
  'terra_unavailable',
  'unknown_user',
  'not_authenticated',
];

export function mayBeConfirmedLater(outcome: LandingOutcome): boolean {
  return MAY_BE_CONFIRMED_LATER.includes(outcome);
}

/** Turns what a landing hints at into a connection, if Terra says that it is true. */
@Injectable()
export class LandingConfirmationService {
  constructor(
    private readonly reconciler: ConnectionReconcilerService,
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly outcome: SessionOutcomeService,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** Asks Terra, links, and completes the session. Call it outside of any transaction; any number of times. */
  async confirm(session: ConnectSession, terraUserId: string): Promise<LandingOutcome> {
    const confirmation = await this.reconciler.confirm(terraUserId, session);
    if (!confirmation.confirmed) return confirmation.cause;
    const { fact } = confirmation;
    return inTransaction(this.dataSource, async (manager) => {
      const recorded = await this.lifecycle.record(manager, [{ ...fact, sourceId: session.id }]);
      const { connection, joined, claimedByAnother, erased } = recorded.get(terraUserId) as RecordedUser;
      if (erased) return 'erased';
      if (claimedByAnother || !connection) return 'belongs_to_another';
      const { id: connectionId, provider } = connection;
      const link = { terraUserId, provider, connectionId, joined };
      await this.outcome.recordConnectedIn(manager, session.id, link, fact.version);
      return 'linked';
    });
  }
}
