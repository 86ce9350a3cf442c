import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Clock } from '../common';
import { ReconcileTargetsRepository } from '../connections';
import { inTransaction } from '../database';
import { TerraClient, type TerraUserPage } from '../terra';
import { SweepFindingRepository } from './sweep-finding.repository';
import type { Sweep } from './sweep.entity';
import { SweepRepository } from './sweep.repository';
import { diffListed, type Observation } from './terra-diff';

/** The first phase of a sweep: reads all pages of Terra's users, and stores the differences without applying them. */
@Injectable()
export class SweepReaderService {
  constructor(
    private readonly terra: TerraClient,
    private readonly targets: ReconcileTargetsRepository,
    private readonly sweeps: SweepRepository,
    private readonly findings: SweepFindingRepository,
    private readonly clock: Clock,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /**
   * Commits the users of a page, the findings and the number of the next page together. If Terra fails, the sweep fails,
   * and the next start resumes it at this page.
   */
  async readPages(sweep: Sweep, signal: AbortSignal): Promise<void> {
    while (sweep.phase === 'reading' && !signal.aborted) {
      const askedAt = this.clock.now();
      const page = await this.terra.listUsersPage(sweep.nextPage);
      await this.storePage(sweep, page, askedAt);
    }
  }

  private async storePage(sweep: Sweep, page: TerraUserPage, askedAt: Date): Promise<void> {
    const ids = [...new Set(page.users.map(({ terraUserId }) => terraUserId))];
    const known = await this.targets.findKnown(ids);
    const seen = observationOf(sweep, askedAt);
    const found = page.users.flatMap((user) =>
      diffListed(user, known.get(user.terraUserId) ?? null, seen).map((correction) => ({
        correction,
        observed: user,
        observedAt: askedAt,
      })),
    );
    const { unreadable, next } = page;
    await inTransaction(this.dataSource, async (manager) => {
      const usersSeen = await this.findings.addSeen(manager, sweep.id, ids);
      const changes = await this.findings.add(manager, sweep.id, found);
      const place: Partial<Sweep> = next === null ? { phase: 'diffing' } : { nextPage: next };
      await this.sweeps.advance(manager, sweep, place, { usersSeen, unreadable, changes });
    });
  }
}

/** The observation of a sweep that asked Terra at `askedAt`. */
export function observationOf({ id }: Sweep, askedAt: Date): Observation {
  return { askedAt, source: 'sweep', sourceId: id, actor: 'sweep' };
}
