import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common';
import { reconciliationOf, TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { ReconcileTargetsService } from '../connections';
import { TerraClient } from '../terra';
import type { Correction } from './terra-diff';
import { SweepRepository } from './sweep.repository';

const DAY_MS = 86_400_000;

/**
 * The brake of comparisons one by one (T-23): with the key of another Terra environment everybody is missing, and a
 * schedule would end them all in a day, each for a good reason.
 */
@Injectable()
export class SafetyThresholdService {
  private readonly logger = new Logger(SafetyThresholdService.name);

  constructor(
    private readonly terra: TerraClient,
    private readonly targets: ReconcileTargetsService,
    private readonly sweeps: SweepRepository,
    private readonly clock: Clock,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  /** Whoever would be ended waits instead, if there is reason to doubt Terra's lists. Asks Terra; outside transactions. */
  async apply(corrections: Correction[]): Promise<Correction[]> {
    if (!corrections.some(({ action }) => action === 'end_absent')) return corrections;
    const objection = await this.objection();
    if (!objection) return corrections;
    const advice =
      'Nobody is ended. Check the Terra environment; terra-connect sweep --force overrules this.';
    this.logger.error({ event: 'reconcile.safety_threshold_exceeded', objection, advice });
    return corrections.map((correction) =>
      correction.action === 'end_absent'
        ? { ...correction, action: 'still_missing', fact: null }
        : correction,
    );
  }

  private async objection(): Promise<'sweep_awaiting_approval' | 'empty_list' | 'too_many_missing' | null> {
    if (await this.sweeps.findLatest({ status: 'awaiting_approval' })) return 'sweep_awaiting_approval';
    const { safetyThresholdShare, safetyThresholdMinimum } = reconciliationOf(this.options.reconciliation);
    const live = await this.targets.countLive();
    const since = new Date(this.clock.now().getTime() - DAY_MS);
    const missing = await this.targets.countMissing(since);
    if (missing > Math.max(safetyThresholdMinimum, safetyThresholdShare * live)) return 'too_many_missing';
    const { users, unreadable } = await this.terra.listUsersPage(0, 1);
    return users.length + unreadable === 0 && live > 1 ? 'empty_list' : null;
  }
}
