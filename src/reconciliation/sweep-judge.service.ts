import { Injectable } from '@nestjs/common';
import { ReconciliationOptions } from '../config';
import { ReconcileTargetsRepository, type KnownTerraUser } from '../connections';
import type { TerraUser } from '../terra';
import type { SweepFinding } from './sweep-finding.entity';
import { observationOf } from './sweep-reader.service';
import type { Sweep } from './sweep.entity';
import { diffListed, diffMissing, type Correction } from './terra-diff';

export interface JudgedFindings {
  /** Findings that are still valid; `corrections` has their corrections. */
  valid: SweepFinding[];
  corrections: Correction[];
  /** Findings that a newer fact made invalid. */
  overtaken: SweepFinding[];
}

/** Judges findings again before a sweep applies them: they may be days old if an operator had to approve the sweep. */
@Injectable()
export class SweepJudgeService {
  constructor(
    private readonly targets: ReconcileTargetsRepository,
    private readonly options: ReconciliationOptions,
  ) {}

  async judge(sweep: Sweep, findings: SweepFinding[]): Promise<JudgedFindings> {
    const known = await this.targets.findKnown(findings.map(({ terraUserId }) => terraUserId));
    const judged: JudgedFindings = { valid: [], corrections: [], overtaken: [] };
    for (const finding of findings) {
      const correction = this.correctionOf(sweep, finding, known.get(finding.terraUserId) ?? null);
      judged[correction ? 'valid' : 'overtaken'].push(finding);
      if (correction) judged.corrections.push(correction);
    }
    return judged;
  }

  private correctionOf(
    sweep: Sweep,
    finding: SweepFinding,
    known: KnownTerraUser | null,
  ): Correction | undefined {
    const seen = observationOf(sweep, finding.observedAt);
    const user = readObserved(finding.observed);
    const confirmMs = this.options.confirmMinutes * 60_000;
    const missing = known ? diffMissing(known, seen, confirmMs) : [];
    const corrections = user ? diffListed(user, known, seen) : missing;
    return corrections.find(({ action }) => action === finding.action);
  }
}

// jsonb holds dates as text.
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
