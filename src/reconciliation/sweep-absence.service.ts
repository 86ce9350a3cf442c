import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { ReconcileTargetsRepository } from '../connections';
import { inTransaction } from '../database';
import { TerraClient } from '../terra';
import type { SweepFinding } from './sweep-finding.entity';
import { SweepFindingRepository } from './sweep-finding.repository';
import type { Sweep } from './sweep.entity';
import { SweepRepository } from './sweep.repository';

/** Asks Terra by id before a sweep ends a Terra user: when pages shift during the reading, no page may list a user. */
@Injectable()
export class SweepAbsenceService {
  constructor(
    private readonly terra: TerraClient,
    private readonly targets: ReconcileTargetsRepository,
    private readonly sweeps: SweepRepository,
    private readonly findings: SweepFindingRepository,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /** @returns the findings to apply; an `end_absent` is among them only if Terra does not know the user by id */
  async confirm(sweep: Sweep, findings: SweepFinding[], signal: AbortSignal): Promise<SweepFinding[]> {
    const stillThere: SweepFinding[] = [];
    const asked = new Set<SweepFinding>();
    for (const finding of findings) {
      if (finding.action !== 'end_absent' || signal.aborted) continue;
      if (await this.terra.findUser(finding.terraUserId)) stillThere.push(finding);
      asked.add(finding);
      await inTransaction(this.dataSource, (manager) => this.sweeps.advance(manager, sweep));
    }
    if (stillThere.length > 0) {
      await inTransaction(this.dataSource, async (manager) => {
        const ids = [...new Set(stillThere.map(({ terraUserId }) => terraUserId))];
        await this.targets.markSeen(manager, ids);
        await this.findings.recordOutcome(manager, stillThere, 'still_there');
      });
    }
    return findings.filter(
      (finding) => (finding.action !== 'end_absent' || asked.has(finding)) && !stillThere.includes(finding),
    );
  }
}
