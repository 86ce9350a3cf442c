import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { ReconciliationOptions } from '../config';
import { ReconcileTargetsRepository } from '../connections';
import { inTransaction } from '../database';
import { CorrectionsService } from './corrections.service';
import { SafetyThresholdService } from './safety-threshold.service';
import { diffListed, diffMissing, isChange, type Correction, type Observation } from './terra-diff';
import { TerraListingService } from './terra-listing.service';

/**
 * - `no_difference` there was nothing to correct
 * - `corrected` the service applied corrections
 * - `waiting` Terra does not list a connected Terra user; the service ends it only if a later check confirms this
 * - `needs_operator` Terra and the service contradict each other, and an operator must decide
 */
export const CONCLUSIONS = ['no_difference', 'corrected', 'waiting', 'needs_operator'] as const;
export type Conclusion = (typeof CONCLUSIONS)[number];

export interface ReconcileReport {
  referenceId: string;
  askedAt: Date;
  /** The number of Terra users under the reference. */
  terraUsers: number;
  changes: Pick<Correction, 'action' | 'terraUserId' | 'connectionId'>[];
  conclusion: Conclusion;
}

/** Reconciles one end user: compares its connections with Terra, and applies the corrections. */
@Injectable()
export class ConnectionReconcilerService {
  private readonly logger = new Logger(ConnectionReconcilerService.name);

  constructor(
    private readonly listing: TerraListingService,
    private readonly targets: ReconcileTargetsRepository,
    private readonly safetyThreshold: SafetyThresholdService,
    private readonly corrections: CorrectionsService,
    private readonly options: ReconciliationOptions,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** Whether `reconcile` would ask Terra now. */
  isTerraAvailable(): boolean {
    return this.listing.isTerraAvailable();
  }

  /**
   * Call it outside of any transaction.
   *
   * @throws the Terra errors of `terra.errors.ts`; then nothing has changed
   */
  async reconcile(
    referenceId: string,
    { source, actor }: { source: Observation['source']; actor: string },
  ): Promise<ReconcileReport> {
    const { askedAt, users, missing } = await this.listing.list(referenceId);
    const seen: Observation = { askedAt, source, actor };
    const confirmMs = this.options.confirmMinutes * 60_000;
    const known = await this.targets.findKnown([...users.map((user) => user.terraUserId), ...missing]);
    const corrections = await this.safetyThreshold.apply([
      ...users.flatMap((user) => diffListed(user, known.get(user.terraUserId) ?? null, seen)),
      ...missing
        .map((id) => known.get(id))
        .filter((one) => one !== undefined)
        .flatMap((one) => diffMissing(one, seen, confirmMs)),
    ]);
    const conclusion = conclude(corrections);
    await inTransaction(this.dataSource, async (manager) => {
      await this.corrections.apply(manager, corrections, source, askedAt);
      const waitMs = conclusion === 'waiting' ? confirmMs : this.options.reconcileIntervalHours * 3_600_000;
      const next = new Date(askedAt.getTime() + waitMs);
      await this.targets.markReconciled(manager, referenceId, askedAt, next);
    });
    const changes = corrections.map(({ action, terraUserId, connectionId }) => ({
      action,
      terraUserId,
      connectionId,
    }));
    if (conclusion !== 'no_difference') {
      const logged = changes.map(({ action, connectionId }) => ({ action, connectionId }));
      this.logger.log({ event: 'reconcile.differed', source, conclusion, changes: logged });
    }
    return { referenceId, askedAt, terraUsers: users.length, changes, conclusion };
  }
}

function conclude(corrections: Correction[]): Conclusion {
  const has = (...actions: Correction['action'][]): boolean =>
    corrections.some(({ action }) => actions.includes(action));
  if (has('owner_conflict', 'contradiction')) return 'needs_operator';
  if (has('mark_missing', 'still_missing')) return 'waiting';
  return corrections.some(({ action }) => isChange(action)) ? 'corrected' : 'no_difference';
}
