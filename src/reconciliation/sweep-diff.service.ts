import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { ReconciliationOptions } from '../config';
import { DeauthenticationsService, ReconcileTargetsRepository } from '../connections';
import { inTransaction } from '../database';
import { approvalReasonOf, isEmptyList, type ApprovalReason } from './approval';
import { maximumChanges } from './safety-threshold.service';
import { SweepFindingRepository } from './sweep-finding.repository';
import { observationOf } from './sweep-reader.service';
import type { Sweep } from './sweep.entity';
import { SweepRepository } from './sweep.repository';
import { diffMissing } from './terra-diff';

const CHUNK = 2_000;

/** The second phase of a sweep: finds the known Terra users that no page listed, and decides if approval is needed. */
@Injectable()
export class SweepDiffService {
  private readonly logger = new Logger(SweepDiffService.name);

  constructor(
    private readonly targets: ReconcileTargetsRepository,
    private readonly deauthentications: DeauthenticationsService,
    private readonly sweeps: SweepRepository,
    private readonly findings: SweepFindingRepository,
    private readonly options: ReconciliationOptions,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** @returns why an operator must approve the sweep, or null */
  async findMissing(sweep: Sweep, signal: AbortSignal): Promise<ApprovalReason | null> {
    const live = await this.targets.countLive();
    await inTransaction(this.dataSource, (manager) => this.sweeps.advance(manager, sweep, { live }));
    // An empty list usually means a wrong key, a wrong environment or a broken page.
    if (isEmptyList(sweep, live) && !sweep.dryRun && !sweep.forced) return 'empty_list';
    if (sweep.unreadable > 0) {
      this.logger.warn({ event: 'sweep.unreadable_users', sweepId: sweep.id, unreadable: sweep.unreadable });
    } else {
      while ((await this.diffChunk(sweep)) && !signal.aborted);
    }
    const counts = await this.findings.countByAction(sweep.id);
    return approvalReasonOf(sweep, live, maximumChanges(this.options, live), counts);
  }

  /** Marks confirmed deauthentications as verified if this sweep did not see their Terra users. */
  async verifyDisconnected(sweep: Sweep): Promise<void> {
    if (sweep.unreadable > 0) return;
    for (let after: string | null = null; ;) {
      const unverified: string[] = await this.deauthentications.listUnverified(sweep.startedAt, after, CHUNK);
      after = unverified.at(-1) ?? null;
      if (after === null) return;
      await inTransaction(this.dataSource, async (manager) => {
        const unseen = await this.findings.unseen(manager, sweep.id, unverified);
        await this.deauthentications.markVerified(manager, unseen, sweep.startedAt);
        await this.sweeps.advance(manager, sweep);
      });
    }
  }

  /** @returns whether another chunk may follow */
  private async diffChunk(sweep: Sweep): Promise<boolean> {
    const expected = await this.targets.listExpectedAfter(sweep.diffAfter, CHUNK);
    const last = expected.at(-1);
    if (!last) return false;
    const byId = new Map(expected.map((known) => [known.identity.terraUserId, known]));
    // Use the start time: pages that were read before a user was linked cannot list it.
    const seen = observationOf(sweep, sweep.startedAt);
    const confirmMs = this.options.confirmMinutes * 60_000;
    await inTransaction(this.dataSource, async (manager) => {
      const unseen = await this.findings.unseen(manager, sweep.id, [...byId.keys()]);
      const found = unseen
        .map((id) => byId.get(id))
        .filter((known) => known !== undefined)
        .flatMap((known) => diffMissing(known, seen, confirmMs))
        .map((correction) => ({ correction, observed: null, observedAt: sweep.startedAt }));
      const changes = await this.findings.add(manager, sweep.id, found);
      const place = { diffAfter: last.identity.terraUserId };
      await this.sweeps.advance(manager, sweep, place, { changes });
    });
    return expected.length === CHUNK;
  }
}
