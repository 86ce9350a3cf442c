import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common';
import { ReconciliationOptions } from '../config';
import {
  ConnectionLifecycleService,
  DeauthenticationsService,
  ReconcileTargetsRepository,
} from '../connections';
import { afterCommit } from '../database';
import { Metrics } from '../observability';
import type { Action, Correction, Observation } from './terra-diff';

/** Applies the corrections of reconciles and of sweeps. */
@Injectable()
export class CorrectionsService {
  constructor(
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly targets: ReconcileTargetsRepository,
    private readonly deauthentications: DeauthenticationsService,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    private readonly options: ReconciliationOptions,
  ) {}

  async apply(
    manager: EntityManager,
    corrections: Correction[],
    source: Observation['source'],
    now: Date = this.clock.now(),
  ): Promise<void> {
    const facts = corrections.flatMap(({ fact }) => fact ?? []);
    if (facts.length > 0) await this.lifecycle.record(manager, facts);
    const again = corrections.filter(({ action }) => action === 'disconnect_again');
    await this.deauthentications.request(
      manager,
      again.map(({ terraUserId, connectionId, referenceId }) => {
        const user = { terraUserId, connectionId, referenceId };
        return { ...user, actor: source, reason: 'still listed at Terra' };
      }),
    );
    const seen = usersWith(corrections, 'mark_seen');
    if (seen.length > 0) await this.targets.markSeen(manager, seen);
    const active = usersWith(corrections, 'mark_resumed', 'mark_inactive');
    if (active.length > 0) await this.targets.clearInactive(manager, active);
    const paused = usersWith(corrections, 'mark_paused');
    if (paused.length > 0) {
      await this.targets.markInactive(manager, paused, now);
      // The reconcile asks Terra by id, which may show a second sign at once.
      if (source === 'sweep') await this.targets.reconcileBy(manager, paused, now);
    }
    const missing = usersWith(corrections, 'mark_missing');
    if (missing.length > 0) {
      await this.targets.markMissing(manager, missing, now);
      // Schedules the second check, so that it does not wait for the next sweep.
      const confirmMs = this.options.confirmMinutes * 60_000;
      await this.targets.reconcileBy(manager, missing, new Date(now.getTime() + confirmMs));
    }
    afterCommit(manager, () => {
      for (const { action } of corrections) this.metrics.corrections.inc({ source, action });
    });
  }
}

function usersWith(corrections: Correction[], ...wanted: Action[]): string[] {
  return corrections.filter(({ action }) => wanted.includes(action)).map(({ terraUserId }) => terraUserId);
}
