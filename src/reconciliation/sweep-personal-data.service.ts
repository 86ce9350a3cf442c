import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  exportedFields,
  type DataSubject,
  type ExportSections,
  type ExportPolicy,
  type PersonalData,
} from '../database';
import { SweepFinding } from './sweep-finding.entity';
import { SweepFindingRepository } from './sweep-finding.repository';
import { Sweep } from './sweep.entity';
import { SweepRepository } from './sweep.repository';

const FINDING_EXPORT: ExportPolicy<SweepFinding> = {
  sweepId: 'exported',
  terraUserId: 'own_terra_user',
  action: 'exported',
  referenceId: 'own_reference',
  connectionId: 'own_connection',
  // `exportRows` exports it, unless it names another end user.
  observed: 'internal',
  observedAt: 'exported',
  settledAt: 'exported',
  outcome: 'exported',
};

/** The personal data of sweeps. */
@Injectable()
export class SweepPersonalData implements PersonalData {
  readonly entities = [Sweep, SweepFinding];

  constructor(
    private readonly sweeps: SweepRepository,
    private readonly findings: SweepFindingRepository,
  ) {}

  // A running sweep may still store findings about the end user after the erasure.
  async erasureObstacle(manager: EntityManager): Promise<string | null> {
    return (await this.sweeps.isRunning(manager)) ? 'sweep_running' : null;
  }

  async exportRows(manager: EntityManager, subject: DataSubject): Promise<Partial<ExportSections>> {
    const findings = await this.findings.listOf(manager, subject);
    return {
      sweepFindings: findings.map((finding) => ({
        ...exportedFields(finding, FINDING_EXPORT, subject),
        observed: ownObserved(finding.observed, subject),
      })),
    };
  }

  async erase(manager: EntityManager, subject: DataSubject): Promise<Record<string, number>> {
    return { sweepFindings: await this.findings.erase(manager, subject) };
  }
}

// T-16: Terra may have listed the end user's Terra user under the reference of another end user.
function ownObserved(observed: unknown, { referenceId }: DataSubject): unknown {
  const named = (observed as { referenceId?: string | null } | null)?.referenceId ?? null;
  return named === null || named === referenceId ? observed : null;
}
