import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  ConnectionLifecycleService,
  ReconcileTargetsService,
  DeauthenticationsService,
} from '../connections';
import { afterCommit } from '../database';
import { Metrics } from '../observability';
import type { Action, Correction, Observation } from './terra-diff';

/** Does what the comparison has decided, for one reference and for sweeps alike. */
@Injectable()
export class CorrectionsService {
  constructor(
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly targets: ReconcileTargetsService,
    private readonly deauthentications: DeauthenticationsService,
    private readonly metrics: Metrics,
  ) {}

  async apply(
    manager: EntityManager,
    corrections: Correction[],
    { source, confirmMs }: Pick<Observation, 'source' | 'confirmMs'>,
    now: Date,
  ): Promise<void> {
    const facts = corrections.flatMap(({ fact }) => fact ?? []);
    if (facts.length > 0) await this.lifecycle.record(manager, facts);
    for (const { action, terraUserId, connectionId, referenceId } of corrections) {
      if (action !== 'disconnect_again') continue;
      const user = { terraUserId, connectionId, referenceId };
      await this.deauthentications.open(manager, { ...user, actor: source, reason: 'still listed at Terra' });
    }
    await this.mark(corrections, 'mark_seen', (ids) => this.targets.markSeen(manager, ids));
    await this.mark(corrections, 'mark_missing', async (ids) => {
      await this.targets.markMissing(manager, ids, now);
      // The second look, for which nobody has to wait for the next sweep.
      await this.targets.expedite(manager, ids, new Date(now.getTime() + confirmMs));
    });
    afterCommit(manager, () => {
      for (const { action } of corrections) this.metrics.corrections.inc({ source, action });
    });
  }

  private async mark(
    corrections: Correction[],
    wanted: Action,
    note: (terraUserIds: string[]) => Promise<void>,
  ): Promise<void> {
    const ids = corrections.filter(({ action }) => action === wanted).map(({ terraUserId }) => terraUserId);
    if (ids.length > 0) await note(ids);
  }
}
