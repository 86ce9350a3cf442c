import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common';
import { healingOf, TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { ConnectionReviewService } from '../connections';
import { TerraClient } from '../terra';
import type { Decision } from './terra-diff';
import { SweepRepository } from './sweep.repository';

const DAY_MS = 86_400_000;

/**
 * The brake of comparisons one by one (T-23): with the key of another Terra environment everybody is missing, and a
 * schedule would end them all in a day, each for a good reason.
 */
@Injectable()
export class MissingBrakeService {
  private readonly logger = new Logger(MissingBrakeService.name);

  constructor(
    private readonly terra: TerraClient,
    private readonly review: ConnectionReviewService,
    private readonly sweeps: SweepRepository,
    private readonly clock: Clock,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  /** Whoever would be ended waits instead, if there is reason to doubt Terra's lists. Asks Terra; outside transactions. */
  async apply(decisions: Decision[]): Promise<Decision[]> {
    if (!decisions.some(({ action }) => action === 'end_absent')) return decisions;
    const objection = await this.objection();
    if (!objection) return decisions;
    const advice =
      'Nobody is ended. Check the Terra environment; terra-connect sweep --force overrules this.';
    this.logger.error({ event: 'reconcile.held', objection, advice });
    return decisions.map((decision) =>
      decision.action === 'end_absent' ? { ...decision, action: 'still_missing', fact: null } : decision,
    );
  }

  private async objection(): Promise<'sweep_held' | 'empty_list' | 'too_many_missing' | null> {
    if (await this.sweeps.findLatest({ status: 'held' })) return 'sweep_held';
    const { brakeShare, brakeMinimum } = healingOf(this.options.healing);
    const live = await this.review.countLive();
    const since = new Date(this.clock.now().getTime() - DAY_MS);
    const missing = await this.review.countMissing(since);
    if (missing > Math.max(brakeMinimum, brakeShare * live)) return 'too_many_missing';
    const { users, unreadable } = await this.terra.listUsersPage(0, 1);
    return users.length + unreadable === 0 && live > 1 ? 'empty_list' : null;
  }
}
