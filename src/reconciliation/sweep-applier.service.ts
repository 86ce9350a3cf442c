import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Clock, isConnectionLost } from '../common';
import { reconciliationOf, TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { ReconcileTargetsService, type KnownTerraUser } from '../connections';
import { inTransaction } from '../database';
import { TerraClient, type TerraUser } from '../terra';
import { CHANGES, diffListed, diffMissing, type Correction, type Observation } from './terra-diff';
import { CorrectionsService } from './corrections.service';
import { SweepLeaseLostError } from './reconciliation.errors';
import type { FindingOutcome, SweepFinding } from './sweep-finding.entity';
import type { ShouldStop } from './sweep-reader.service';
import type { Sweep } from './sweep.entity';
import { SweepRepository } from './sweep.repository';

const BATCH = 50;
const TO_APPLY = [...CHANGES, 'mark_seen'] as const;

/** The part of a sweep that sets us right, in batches; what has been settled is not touched again. */
@Injectable()
export class SweepApplierService {
  private readonly logger = new Logger(SweepApplierService.name);

  constructor(
    private readonly terra: TerraClient,
    private readonly targets: ReconcileTargetsService,
    private readonly corrections: CorrectionsService,
    private readonly repository: SweepRepository,
    private readonly clock: Clock,
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  async apply(sweep: Sweep, shouldStop: ShouldStop): Promise<void> {
    while (!shouldStop()) {
      const findings = await this.repository.openFindings(sweep.id, TO_APPLY, BATCH);
      if (findings.length === 0) return;
      const gone = await this.withoutThoseStillThere(sweep, findings, shouldStop);
      await this.applyBatch(sweep, gone);
    }
  }

  /** Before anybody is ended, Terra is asked for that very user: a list may leave out people, a shift of pages does. */
  private async withoutThoseStillThere(
    sweep: Sweep,
    findings: SweepFinding[],
    shouldStop: ShouldStop,
  ): Promise<SweepFinding[]> {
    const stillThere: SweepFinding[] = [];
    const asked = new Set<SweepFinding>();
    for (const finding of findings) {
      if (finding.action !== 'end_absent' || shouldStop()) continue;
      if (await this.terra.findUser(finding.terraUserId)) stillThere.push(finding);
      asked.add(finding);
      await inTransaction(this.dataSource, (manager) =>
        this.repository.advance(manager, sweep, this.clock.now()),
      );
    }
    if (stillThere.length > 0) {
      await inTransaction(this.dataSource, async (manager) => {
        await this.targets.markSeen(manager, idsOf(stillThere));
        await this.repository.settle(manager, stillThere, 'still_there', this.clock.now());
      });
    }
    return findings.filter(
      (finding) => (finding.action !== 'end_absent' || asked.has(finding)) && !stillThere.includes(finding),
    );
  }

  /** All of them in one transaction; if that fails, one by one, so that one cannot stand in the others' way. */
  private async applyBatch(sweep: Sweep, findings: SweepFinding[]): Promise<void> {
    if (findings.length === 0) return;
    try {
      await this.applyTogether(sweep, findings);
    } catch (error) {
      if (error instanceof SweepLeaseLostError || isConnectionLost(error)) throw error;
      const [only, another] = findings;
      if (only && another) {
        for (const finding of findings) await this.applyBatch(sweep, [finding]);
        return;
      }
      this.logger.error({
        event: 'sweep.finding_failed',
        sweepId: sweep.id,
        connectionId: only?.connectionId,
        action: only?.action,
        err: error,
      });
      await inTransaction(this.dataSource, (manager) =>
        this.repository.settle(manager, findings, 'failed', this.clock.now()),
      );
    }
  }

  private async applyTogether(sweep: Sweep, findings: SweepFinding[]): Promise<void> {
    const known = await this.targets.findKnown(idsOf(findings));
    const byOutcome: Record<Extract<FindingOutcome, 'applied' | 'overtaken'>, SweepFinding[]> = {
      applied: [],
      overtaken: [],
    };
    const corrections: Correction[] = [];
    for (const finding of findings) {
      // Judged again: what was found may be days old, if a person had to release it.
      const correction = this.judge(sweep, finding, known.get(finding.terraUserId) ?? null);
      byOutcome[correction ? 'applied' : 'overtaken'].push(finding);
      if (correction) corrections.push(correction);
    }
    const now = this.clock.now();
    await inTransaction(this.dataSource, async (manager) => {
      await this.repository.advance(manager, sweep, now, {}, { applied: byOutcome.applied.length });
      await this.corrections.apply(manager, corrections, this.observation(sweep, now), now);
      await this.repository.settle(manager, byOutcome.applied, 'applied', now);
      await this.repository.settle(manager, byOutcome.overtaken, 'overtaken', now);
    });
  }

  private judge(sweep: Sweep, finding: SweepFinding, known: KnownTerraUser | null): Correction | undefined {
    const seen = this.observation(sweep, finding.observedAt);
    const user = readObserved(finding.observed);
    const corrections = user ? diffListed(user, known, seen) : known ? diffMissing(known, seen) : [];
    return corrections.find(({ action }) => action === finding.action);
  }

  private observation({ id }: Sweep, askedAt: Date): Observation {
    const confirmMs = reconciliationOf(this.options.reconciliation).confirmMinutes * 60_000;
    return { askedAt, confirmMs, source: 'sweep', sourceId: id, actor: 'sweep' };
  }
}

function idsOf(findings: SweepFinding[]): string[] {
  return [...new Set(findings.map(({ terraUserId }) => terraUserId))];
}

// As it was written down: JSON knows no dates.
function readObserved(observed: unknown): TerraUser | null {
  if (observed === null) return null;
  const user = observed as TerraUser & { createdAt: string | null; lastWebhookUpdate: string | null };
  const dateOf = (text: string | null): Date | null => (text === null ? null : new Date(text));
  return {
    ...user,
    createdAt: dateOf(user.createdAt),
    lastWebhookUpdate: dateOf(user.lastWebhookUpdate),
  };
}
