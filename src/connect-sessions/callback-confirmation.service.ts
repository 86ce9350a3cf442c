import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../common';
import { ConnectionLifecycleService, type Connection, type NewFact, type RecordedUser } from '../connections';
import { inTransaction } from '../database';
import { TerraClient } from '../terra';
import type { ConnectSession } from './connect-session.entity';
import { ConnectionAnnouncer } from './connection-announcer.service';
import { SessionOutcomeService } from './session-outcome.service';

// A healthy Terra answers within this time. The end user waits at a blank page meanwhile.
const ASK_DEADLINE_MS = 4_000;

/** Why Terra's answer does not confirm the Terra user that a callback named. */
type Unconfirmed =
  'unknown_user' | 'not_authenticated' | 'other_reference' | 'other_provider' | 'terra_unavailable';

export type CallbackOutcome = 'linked' | 'erased' | 'belongs_to_another' | Unconfirmed;

// Terra may be down, or may know a new user a moment later than its widget does. 'other_reference' is final, so a
// forged callback causes one request and no later check.
const MAY_BE_CONFIRMED_LATER: readonly CallbackOutcome[] = [
  'terra_unavailable',
  'unknown_user',
  'not_authenticated',
];

export function mayBeConfirmedLater(outcome: CallbackOutcome): boolean {
  return MAY_BE_CONFIRMED_LATER.includes(outcome);
}

/** Applies a callback: links the Terra user that the callback names if Terra confirms it, or ends the session. */
@Injectable()
export class CallbackConfirmationService {
  private readonly logger = new Logger(CallbackConfirmationService.name);

  constructor(
    private readonly terra: TerraClient,
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly outcome: SessionOutcomeService,
    private readonly announcer: ConnectionAnnouncer,
    private readonly clock: Clock,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** Whether `confirm` would ask Terra now. */
  isTerraAvailable(): boolean {
    return this.terra.isAvailable();
  }

  /**
   * Asks Terra, links the Terra user and completes the session. If that may be a reconnect, it waits up to five more seconds
   * until this is known. Safe to repeat. Call it outside of any transaction.
   */
  async confirm(session: ConnectSession, terraUserId: string): Promise<CallbackOutcome> {
    const fact = await this.askTerra(session, terraUserId);
    if (typeof fact === 'string') return fact;
    const { outcome, connection } = await inTransaction(this.dataSource, (manager) =>
      this.record(manager, session, fact),
    );
    if (connection?.provisionalCheckAt) await this.announcer.settle(connection.id);
    return outcome;
  }

  private async record(
    manager: EntityManager,
    session: ConnectSession,
    fact: NewFact,
  ): Promise<{ outcome: CallbackOutcome; connection?: Connection }> {
    const { terraUserId } = fact;
    const [recorded] = await this.lifecycle.record(manager, [fact]);
    const { connection, joined, claimedByAnother, erased } = recorded as RecordedUser;
    if (erased) return { outcome: 'erased' };
    if (claimedByAnother || !connection) return { outcome: 'belongs_to_another' };
    const link = { terraUserId, connection, joined };
    await this.outcome.recordConnectedIn(manager, session.id, link, fact.occurredAt);
    return { outcome: 'linked', connection };
  }

  /** Stores that the attempt failed or was cancelled. */
  async recordFailure({ id }: ConnectSession, reason: string | null): Promise<void> {
    await inTransaction(this.dataSource, (manager) => this.outcome.recordFailedIn(manager, id, reason));
  }

  /** Asks Terra whether the Terra user has the session's reference. No answer within four seconds confirms nothing. */
  private async askTerra(session: ConnectSession, terraUserId: string): Promise<NewFact | Unconfirmed> {
    // The fact gets the time of the request: with the time of the answer, it would override facts during the request.
    const askedAt = this.clock.now();
    const found = await this.findUser(terraUserId);
    if (found === 'terra_unavailable') return found;
    if (!found) return 'unknown_user';
    const { user, isAuthenticated } = found;
    const { id: sourceId, referenceId, providers } = session;
    if (user.referenceId !== referenceId) return 'other_reference';
    if (!isAuthenticated || user.active === false) return 'not_authenticated';
    if (providers.length > 0 && !providers.includes(user.provider)) return 'other_provider';
    const { provider, scopes } = user;
    const link = { kind: 'linked', cause: 'callback', source: 'callback', occurredAt: askedAt } as const;
    return { ...link, terraUserId, referenceId, provider, scopes, sourceId };
  }

  private async findUser(
    terraUserId: string,
  ): Promise<Awaited<ReturnType<TerraClient['findUser']>> | 'terra_unavailable'> {
    try {
      return await this.terra.findUser(terraUserId, ASK_DEADLINE_MS);
    } catch (error) {
      this.logger.warn({ event: 'callback.terra_unavailable', error: (error as Error).name });
      return 'terra_unavailable';
    }
  }
}
