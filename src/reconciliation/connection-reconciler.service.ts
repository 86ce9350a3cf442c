import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Clock } from '../common';
import { reconciliationOf, TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { ReconcileTargetsService } from '../connections';
import { inTransaction } from '../database';
import { TerraClient, type TerraUser } from '../terra';
import { diffListed, diffMissing, isChange, type Correction, type Observation } from './terra-diff';
import { CorrectionsService } from './corrections.service';
import { SafetyThresholdService } from './safety-threshold.service';

// All of the questions of one comparison together: a caller waits for it.
const RECONCILE_DEADLINE_MS = 9_000;

/**
 * - `in_step` nothing differs
 * - `healed` something differed, and was set right
 * - `waiting` somebody is missing at Terra, which is believed when it is still so later on
 * - `needs_operator` Terra and we contradict each other in a way that only a person can decide
 */
export const CONCLUSIONS = ['in_step', 'healed', 'waiting', 'needs_operator'] as const;
export type Conclusion = (typeof CONCLUSIONS)[number];

export interface ReconcileReport {
  referenceId: string;
  askedAt: Date;
  /** How many users Terra holds under the reference. */
  terraUsers: number;
  changes: Pick<Correction, 'action' | 'terraUserId' | 'connectionId'>[];
  conclusion: Conclusion;
}

/** Compares what we were told with what Terra says. */
@Injectable()
export class ConnectionReconcilerService {
  private readonly logger = new Logger(ConnectionReconcilerService.name);

  constructor(
    private readonly terra: TerraClient,
    private readonly targets: ReconcileTargetsService,
    private readonly corrections: CorrectionsService,
    private readonly safetyThreshold: SafetyThresholdService,
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
    const { reconcileIntervalHours, confirmMinutes } = reconciliationOf(this.options.reconciliation);
    const confirmMs = confirmMinutes * 60_000;
    const seen: Observation = { askedAt, confirmMs, source, actor };
    const known = await this.targets.findKnown([...users.map((user) => user.terraUserId), ...missing]);
    const corrections = await this.safetyThreshold.apply([
      ...users.flatMap((user) => diffListed(user, known.get(user.terraUserId) ?? null, seen)),
      ...missing
        .map((id) => known.get(id))
        .filter((one) => one !== undefined)
        .flatMap((one) => diffMissing(one, seen)),
    ]);
    const conclusion = conclude(corrections);
    await inTransaction(this.dataSource, async (manager) => {
      await this.corrections.apply(manager, corrections, seen, askedAt);
      const waitMs = conclusion === 'waiting' ? confirmMs : reconcileIntervalHours * 3_600_000;
      const next = new Date(askedAt.getTime() + waitMs);
      await this.targets.markReconciled(manager, referenceId, askedAt, next);
    });
    const changes = corrections.map(({ action, terraUserId, connectionId }) => ({
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
    const deadline = Date.now() + RECONCILE_DEADLINE_MS;
    const left = (): number => Math.max(1, deadline - Date.now());
    const listed = await this.terra.listUsersOf(referenceId, left());
    // 404 is what nobody looks like, and a wrong dev-id, too. One that reads Terra's list of users is none.
    if (listed === null) await this.terra.listUsersPage(0, 1, left());
    const users = listed ?? [];
    const missing: string[] = [];
    for (const terraUserId of await this.targets.listExpectedOf(referenceId)) {
      if (users.some((user) => user.terraUserId === terraUserId)) continue;
      const found = await this.terra.findUser(terraUserId, left());
      if (found) users.push(found.isAuthenticated ? found.user : { ...found.user, active: false });
      else missing.push(terraUserId);
    }
    return { users, missing };
  }
}

function conclude(corrections: Correction[]): Conclusion {
  const has = (...actions: Correction['action'][]): boolean =>
    corrections.some(({ action }) => actions.includes(action));
  if (has('owner_conflict', 'contradiction')) return 'needs_operator';
  if (has('mark_missing', 'still_missing')) return 'waiting';
  return corrections.some(({ action }) => isChange(action)) ? 'healed' : 'in_step';
}
