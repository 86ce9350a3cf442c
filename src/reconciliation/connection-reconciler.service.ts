import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Clock } from '../common';
import { healingOf, TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { ConnectionReviewService } from '../connections';
import { inTransaction } from '../database';
import { TerraClient, type TerraUser } from '../terra';
import { compareListed, compareMissing, isChange, type Decision, type Observation } from './terra-diff';
import { DecisionsService } from './corrections.service';
import { MissingBrakeService } from './safety-threshold.service';

// All of the questions of one comparison together: a caller waits for it.
const COMPARE_DEADLINE_MS = 9_000;

/**
 * - `in_step` nothing differs
 * - `healed` something differed, and was set right
 * - `waiting` somebody is missing at Terra, which is believed when it is still so later on
 * - `needs_person` Terra and we contradict each other in a way that only a person can decide
 */
export const CONCLUSIONS = ['in_step', 'healed', 'waiting', 'needs_person'] as const;
export type Conclusion = (typeof CONCLUSIONS)[number];

export interface ReconcileReport {
  referenceId: string;
  askedAt: Date;
  /** How many users Terra holds under the reference. */
  terraUsers: number;
  changes: Pick<Decision, 'action' | 'terraUserId' | 'connectionId'>[];
  conclusion: Conclusion;
}

/** Compares what we were told with what Terra says. */
@Injectable()
export class ConnectionReconcilerService {
  private readonly logger = new Logger(ConnectionReconcilerService.name);

  constructor(
    private readonly terra: TerraClient,
    private readonly review: ConnectionReviewService,
    private readonly decisions: DecisionsService,
    private readonly brake: MissingBrakeService,
    private readonly clock: Clock,
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  /**
   * Asks Terra for everybody under a reference, and sets right what differs. Call it outside of any transaction.
   *
   * @throws one of Terra's errors: then nothing was changed
   */
  async reconcile(
    referenceId: string,
    { source, actor }: { source: Observation['source']; actor: string },
  ): Promise<ReconcileReport> {
    const askedAt = this.clock.now();
    const { users, missing } = await this.askFor(referenceId);
    const { reconcileIntervalHours, confirmMinutes } = healingOf(this.options.healing);
    const confirmMs = confirmMinutes * 60_000;
    const seen: Observation = { askedAt, confirmMs, source, actor };
    const known = await this.review.knownOf([...users.map((user) => user.terraUserId), ...missing]);
    const decisions = await this.brake.apply([
      ...users.flatMap((user) => compareListed(user, known.get(user.terraUserId) ?? null, seen)),
      ...missing
        .map((id) => known.get(id))
        .filter((one) => one !== undefined)
        .flatMap((one) => compareMissing(one, seen)),
    ]);
    const conclusion = conclude(decisions);
    await inTransaction(this.dataSource, async (manager) => {
      await this.decisions.carryOut(manager, decisions, seen, askedAt);
      const waitMs = conclusion === 'waiting' ? confirmMs : reconcileIntervalHours * 3_600_000;
      const next = new Date(askedAt.getTime() + waitMs);
      await this.review.markReviewed(manager, referenceId, askedAt, next);
    });
    const changes = decisions.map(({ action, terraUserId, connectionId }) => ({
      action,
      terraUserId,
      connectionId,
    }));
    if (conclusion !== 'in_step') {
      this.logger.log({
        event: 'reconcile.differed',
        source,
        conclusion,
        changes: changes.map(({ action, connectionId }) => ({ action, connectionId })),
      });
    }
    return { referenceId, askedAt, terraUsers: users.length, changes, conclusion };
  }

  /**
   * Whom Terra lists under the reference, and whom of ours it does not. Whoever is not listed is asked for by name: one of
   * the shapes of the list shows a single user where there may be more, and others are listed under another reference.
   */
  private async askFor(referenceId: string): Promise<{ users: TerraUser[]; missing: string[] }> {
    const deadline = Date.now() + COMPARE_DEADLINE_MS;
    const left = (): number => Math.max(1, deadline - Date.now());
    const listed = await this.terra.listUsersOf(referenceId, left());
    // 404 is what nobody looks like, and a wrong dev-id, too. One that reads Terra's list of users is none.
    if (listed === null) await this.terra.listUsersPage(0, 1, left());
    const users = listed ?? [];
    const missing: string[] = [];
    for (const terraUserId of await this.review.listedOf(referenceId)) {
      if (users.some((user) => user.terraUserId === terraUserId)) continue;
      const found = await this.terra.findUser(terraUserId, left());
      if (found) users.push(found.isAuthenticated ? found.user : { ...found.user, active: false });
      else missing.push(terraUserId);
    }
    return { users, missing };
  }
}

function conclude(decisions: Decision[]): Conclusion {
  const has = (...actions: Decision['action'][]): boolean =>
    decisions.some(({ action }) => actions.includes(action));
  if (has('owner_conflict', 'contradiction')) return 'needs_person';
  if (has('note_missing', 'still_missing')) return 'waiting';
  return decisions.some(({ action }) => isChange(action)) ? 'healed' : 'in_step';
}
