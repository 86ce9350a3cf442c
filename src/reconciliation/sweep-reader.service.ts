import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { Clock, DomainError } from '../common';
import { reconciliationOf, TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { ReconcileTargetsService, DeauthenticationsService } from '../connections';
import { inTransaction } from '../database';
import { retryDelayMs } from '../queue';
import { TerraClient, type TerraUserPage } from '../terra';
import { diffListed, diffMissing, type Observation } from './terra-diff';
import type { ApprovalReason, Sweep } from './sweep.entity';
import { SweepRepository } from './sweep.repository';

const PAGE_RETRY = { baseMs: 500, maxMs: 5_000, attempts: 3 };
const CHUNK = 2_000;

/** Asked before each step; a process that is told to go leaves the rest to the next. */
export type ShouldStop = () => boolean;

/** The part of a sweep that changes nothing but its own tables: reads all of Terra's users, and notes differences. */
@Injectable()
export class SweepReaderService {
  private readonly logger = new Logger(SweepReaderService.name);

  constructor(
    private readonly terra: TerraClient,
    private readonly targets: ReconcileTargetsService,
    private readonly deauthentications: DeauthenticationsService,
    private readonly repository: SweepRepository,
    private readonly clock: Clock,
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(TERRA_CONNECT_OPTIONS) private readonly options: TerraConnectOptions,
  ) {}

  /** Page by page: what was read, what was found and where to go on are committed together. */
  async readPages(sweep: Sweep, shouldStop: ShouldStop): Promise<void> {
    while (sweep.phase === 'reading' && !shouldStop()) {
      const askedAt = this.clock.now();
      const page = await this.readPage(sweep.nextPage);
      await this.takePage(sweep, page, askedAt);
    }
  }

  /**
   * Looks for everybody whom we hold for connected among those whom Terra has named.
   *
   * @returns why this sweep must not go on by itself
   */
  async findMissing(sweep: Sweep, shouldStop: ShouldStop): Promise<ApprovalReason | null> {
    const live = await this.targets.countLive();
    await inTransaction(this.dataSource, (manager) =>
      this.repository.advance(manager, sweep, this.clock.now(), { live }),
    );
    const approvalReason = this.approvalReasonFor(sweep, live);
    // Nobody at all is what a wrong key, a wrong environment and a broken page look like.
    if (approvalReason === 'empty_list' && !sweep.dryRun && !sweep.forced) return approvalReason;
    if (sweep.unreadable > 0) {
      this.logger.warn({ event: 'sweep.unreadable_users', sweepId: sweep.id, unreadable: sweep.unreadable });
    } else {
      while ((await this.diffChunk(sweep)) && !shouldStop());
    }
    return this.approvalReasonFor(sweep, live);
  }

  /** What Terra has confirmed to have ended, and has not named in this sweep, is certain now. */
  async verifyDisconnected(sweep: Sweep): Promise<void> {
    if (sweep.unreadable > 0) return;
    for (let after: string | null = null; ;) {
      const awaiting: string[] = await this.deauthentications.awaitingVerification(
        sweep.startedAt,
        after,
        CHUNK,
      );
      after = awaiting.at(-1) ?? null;
      if (after === null) return;
      await inTransaction(this.dataSource, async (manager) => {
        const unseen = await this.repository.unseen(manager, sweep.id, awaiting);
        await this.deauthentications.verify(manager, unseen, sweep.startedAt);
        await this.repository.advance(manager, sweep, this.clock.now());
      });
    }
  }

  private async readPage(page: number): Promise<TerraUserPage> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.terra.listUsersPage(page);
      } catch (error) {
        const passing =
          error instanceof DomainError && (error.kind === 'unavailable' || error.kind === 'timeout');
        if (!passing || attempt === PAGE_RETRY.attempts) throw error;
        await sleep(retryDelayMs(PAGE_RETRY, attempt));
      }
    }
  }

  private async takePage(sweep: Sweep, page: TerraUserPage, askedAt: Date): Promise<void> {
    const ids = [...new Set(page.users.map(({ terraUserId }) => terraUserId))];
    const known = await this.targets.findKnown(ids);
    const seen = this.observation(sweep, askedAt);
    const found = page.users.flatMap((user) =>
      diffListed(user, known.get(user.terraUserId) ?? null, seen).map((correction) => ({
        correction,
        observed: user,
        observedAt: askedAt,
      })),
    );
    await inTransaction(this.dataSource, async (manager) => {
      const usersSeen = await this.repository.addSeen(manager, sweep.id, ids);
      const changes = await this.repository.addFindings(manager, sweep.id, found);
      const { unreadable, next } = page;
      const place: Partial<Sweep> = next === null ? { phase: 'diffing' } : { nextPage: next };
      await this.repository.advance(manager, sweep, this.clock.now(), place, {
        usersSeen,
        unreadable,
        changes,
      });
    });
  }

  /** @returns whether there may be more */
  private async diffChunk(sweep: Sweep): Promise<boolean> {
    const live = await this.targets.listExpectedAfter(sweep.diffAfter, CHUNK);
    const last = live.at(-1);
    if (!last) return false;
    const byId = new Map(live.map((known) => [known.identity.terraUserId, known]));
    // Whoever was linked after the start may have been put on a page that had been read by then.
    const seen = this.observation(sweep, sweep.startedAt);
    await inTransaction(this.dataSource, async (manager) => {
      const unseen = await this.repository.unseen(manager, sweep.id, [...byId.keys()]);
      const found = unseen
        .map((id) => byId.get(id))
        .filter((known) => known !== undefined)
        .flatMap((known) => diffMissing(known, seen))
        .map((correction) => ({ correction, observed: null, observedAt: sweep.startedAt }));
      const changes = await this.repository.addFindings(manager, sweep.id, found);
      const place = { diffAfter: last.identity.terraUserId };
      await this.repository.advance(manager, sweep, this.clock.now(), place, { changes });
    });
    return live.length === CHUNK;
  }

  private approvalReasonFor({ usersSeen, changes }: Sweep, live: number): ApprovalReason | null {
    const { safetyThresholdShare, safetyThresholdMinimum } = reconciliationOf(this.options.reconciliation);
    if (usersSeen === 0 && live > 0) return 'empty_list';
    return changes > Math.max(safetyThresholdMinimum, safetyThresholdShare * live)
      ? 'too_many_changes'
      : null;
  }

  private observation({ id }: Sweep, askedAt: Date): Observation {
    const confirmMs = reconciliationOf(this.options.reconciliation).confirmMinutes * 60_000;
    return { askedAt, confirmMs, source: 'sweep', sourceId: id, actor: 'sweep' };
  }
}
