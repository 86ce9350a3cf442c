import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common';
import { ReconciliationOptions } from '../config';
import { ReconcileTargetsRepository } from '../connections';
import { TerraClient } from '../terra';
import { SweepRepository } from './sweep.repository';
import type { Correction } from './terra-diff';

const DAY_MS = 86_400_000;

/** The number of changes that a sweep, or all reconciles of a day, may make without approval. */
export function maximumChanges(options: ReconciliationOptions, live: number): number {
  return Math.max(options.safetyThresholdMinimum, options.safetyThresholdShare * live);
}

/**
 * The safety threshold of reconciles (T-23). If the key belongs to another Terra environment, every Terra user is
 * missing, and reconciles would end all connections within a day.
 */
@Injectable()
export class SafetyThresholdService {
  private readonly logger = new Logger(SafetyThresholdService.name);

  constructor(
    private readonly terra: TerraClient,
    private readonly targets: ReconcileTargetsRepository,
    private readonly sweeps: SweepRepository,
    private readonly clock: Clock,
    private readonly options: ReconciliationOptions,
  ) {}

  /**
   * Replaces `end_absent` by `still_missing` while Terra's lists are not plausible. Call it outside of any transaction,
   * because it asks Terra.
   */
  async apply(corrections: Correction[]): Promise<Correction[]> {
    if (!corrections.some(({ action }) => action === 'end_absent')) return corrections;
    const objection = await this.objection();
    if (!objection) return corrections;
    const advice =
      'No connection was ended. Check the Terra environment; to end them anyway: terra-connect sweep --force.';
    this.logger.error({ event: 'reconcile.safety_threshold_exceeded', objection, advice });
    return corrections.map((correction) =>
      correction.action === 'end_absent'
        ? { ...correction, action: 'still_missing', fact: null }
        : correction,
    );
  }

  private async objection(): Promise<'sweep_awaiting_approval' | 'empty_list' | 'too_many_missing' | null> {
    if (await this.sweeps.findLatest({ status: 'awaiting_approval' })) return 'sweep_awaiting_approval';
    const live = await this.targets.countLive();
    const since = new Date(this.clock.now().getTime() - DAY_MS);
    const missing = await this.targets.countMissing(since);
    if (missing > maximumChanges(this.options, live)) return 'too_many_missing';
    const { users, unreadable } = await this.terra.listUsersPage(0, 1);
    return users.length + unreadable === 0 && live > 1 ? 'empty_list' : null;
  }
}
