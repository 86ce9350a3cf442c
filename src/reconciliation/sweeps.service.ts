import { Injectable } from '@nestjs/common';
import { v4 as uuidv4, v7 as uuidv7 } from 'uuid';
import { Clock, hasSqlState, UNIQUE_VIOLATION } from '../common';
import { ReconciliationOptions } from '../config';
import { decodeCursor, toPage, type Page } from '../http';
import { WorkerHost } from '../queue';
import { SweepNotFoundError, SweepReportMissingError, SweepRunningError } from './reconciliation.errors';
import type { SweepFinding } from './sweep-finding.entity';
import { SweepFindingRepository } from './sweep-finding.repository';
import { SweepRunnerService } from './sweep-runner.service';
import type { Sweep } from './sweep.entity';
import { SweepRepository } from './sweep.repository';
import type { Action } from './terra-diff';

/** The name of the worker that runs sweeps. */
export const SWEEP_WORKER = 'sweeps';

// A failed sweep resumes within this time. Later, too many users may have moved between Terra's pages.
const RESUME_WITHIN_MS = 6 * 3_600_000;
// The schedule repeats a failed sweep after this time, because most causes are temporary.
const REPEAT_FAILED_HOURS = 0.25;
// An older report may no longer say what an adoption would do.
const REPORT_VALID_MS = 24 * 3_600_000;
const FINDINGS_SHOWN = 100;
const NEVER_ABORTED = new AbortController().signal;

export interface SweepRequest {
  dryRun?: boolean;
  /** Approves any number of changes. */
  force?: boolean;
  /** Approves any number of links to unknown Terra users, once a report has shown them. */
  adopt?: boolean;
  /** Who requests the sweep: an API key's id, `cli` or `schedule`. */
  actor: string;
}

export interface SweepReport {
  sweep: Sweep;
  counts: Partial<Record<Action, number>>;
  /** The first findings. */
  findings: SweepFinding[];
}

/** Starts, resumes and reads sweeps. */
@Injectable()
export class SweepsService {
  private readonly processId = uuidv4();

  constructor(
    private readonly repository: SweepRepository,
    private readonly findings: SweepFindingRepository,
    private readonly runner: SweepRunnerService,
    private readonly workers: WorkerHost,
    private readonly clock: Clock,
    private readonly options: ReconciliationOptions,
  ) {}

  /**
   * Starts a sweep for the workers, or resumes an earlier one: with `force`, the sweep that awaits approval; otherwise
   * the last sweep, if it started in the last 6 hours and failed.
   *
   * @throws SweepRunningError; SweepReportMissingError when nobody can have read what the sweep would adopt
   */
  async start(request: SweepRequest): Promise<Sweep> {
    const sweep = await this.begin(request, null);
    this.workers.notify(SWEEP_WORKER);
    return sweep;
  }

  /** Starts a sweep as `start` does, and runs it in this process. */
  async startAndRun(request: SweepRequest, signal: AbortSignal = NEVER_ABORTED): Promise<Sweep> {
    return this.runner.run(await this.begin(request, this.processId), signal);
  }

  /** Runs a sweep that no process works on: a new one, or one whose process died. @returns null when there is none */
  async takeUp(signal: AbortSignal = NEVER_ABORTED): Promise<Sweep | null> {
    const sweep = await this.repository.claim(this.processId);
    return sweep && this.runner.run(sweep, signal);
  }

  /** Whether a scheduled sweep is due. */
  async isDue(): Promise<boolean> {
    const { sweepIntervalHours } = this.options;
    if (sweepIntervalHours === 0) return false;
    const latest = await this.repository.findLatest({ dryRun: false });
    if (!latest) return true;
    const hasFailed = latest.status === 'failed';
    const hours = hasFailed ? Math.min(REPEAT_FAILED_HOURS, sweepIntervalHours) : sweepIntervalHours;
    const since = hasFailed ? latest.updatedAt : latest.startedAt;
    return since.getTime() + hours * 3_600_000 <= this.clock.now().getTime();
  }

  /** @throws SweepNotFoundError */
  async report(id: string): Promise<SweepReport> {
    const sweep = await this.repository.find(id);
    if (!sweep) throw new SweepNotFoundError(id);
    const [counts, findings] = await Promise.all([
      this.findings.countByAction(id),
      this.findings.list(id, FINDINGS_SHOWN),
    ]);
    return { sweep, counts, findings };
  }

  /** Lists sweeps, newest first. */
  async list({ limit, cursor }: { limit: number; cursor?: string }): Promise<Page<Sweep>> {
    const beforeId = cursor === undefined ? undefined : decodeCursor(cursor);
    return toPage(await this.repository.list(beforeId, limit + 1), limit);
  }

  /** The sweep that awaits approval because of unknown Terra users; null if there is none. */
  async awaitingAdoption(): Promise<Sweep | null> {
    const sweep = await this.repository.findLatest({ status: 'awaiting_approval' });
    return sweep?.approvalReason === 'unknown_users' ? sweep : null;
  }

  private async begin(
    { dryRun = false, force = false, adopt = false, actor }: SweepRequest,
    owner: string | null,
  ): Promise<Sweep> {
    const lease = this.repository.lease(owner);
    const { updatedAt: startedAt } = lease;
    if (adopt && !dryRun && !(await this.hasReport(startedAt))) throw new SweepReportMissingError();
    try {
      const earlier = await this.findEarlier(dryRun, force, startedAt);
      if (earlier) {
        const change = { ...lease, actor, forced: earlier.forced || force, adopts: earlier.adopts || adopt };
        if (!(await this.repository.resume(earlier, change))) throw new SweepRunningError();
        return (await this.repository.find(earlier.id)) ?? earlier;
      }
      const asked = { dryRun, forced: force, adopts: adopt, actor, startedAt };
      const sweep: Sweep = { ...NEW, ...lease, id: uuidv7(), ...asked };
      await this.repository.insert(sweep);
      return sweep;
    } catch (error) {
      throw hasSqlState(error, UNIQUE_VIOLATION, 'sweeps_running_idx') ? new SweepRunningError() : error;
    }
  }

  /** Whether a recent sweep has changed nothing and shows in its findings what an adoption would do. */
  private async hasReport(now: Date): Promise<boolean> {
    const reports = await Promise.all([
      this.repository.findLatest({ status: 'completed', dryRun: true }),
      this.repository.findLatest({ status: 'awaiting_approval' }),
    ]);
    return reports.some((report) => report && now.getTime() - report.startedAt.getTime() < REPORT_VALID_MS);
  }

  private async findEarlier(dryRun: boolean, force: boolean, now: Date): Promise<Sweep | null> {
    const latest = await this.repository.findLatest({ dryRun });
    if (force && !dryRun) {
      const awaitingApproval = await this.repository.findLatest({ status: 'awaiting_approval' });
      if (awaitingApproval) return awaitingApproval;
    }
    const isRecent = latest && now.getTime() - latest.startedAt.getTime() < RESUME_WITHIN_MS;
    return isRecent && latest.status === 'failed' ? latest : null;
  }
}

const NEW = {
  status: 'running',
  phase: 'reading',
  nextPage: 0,
  diffAfter: null,
  usersSeen: 0,
  unreadable: 0,
  live: null,
  changes: 0,
  applied: 0,
  approvalReason: null,
  errorCode: null,
  finishedAt: null,
} as const;
