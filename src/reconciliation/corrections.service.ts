import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  ConnectionLifecycleService,
  ConnectionReviewService,
  DeauthenticationsService,
} from '../connections';
import { afterCommit } from '../database';
import { Metrics } from '../observability';
import type { Action, Decision, Observation } from './terra-diff';

/** Does what the comparison has decided, for one reference and for sweeps alike. */
@Injectable()
export class DecisionsService {
  constructor(
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly review: ConnectionReviewService,
    private readonly deauthentications: DeauthenticationsService,
    private readonly metrics: Metrics,
  ) {}

  async carryOut(
    manager: EntityManager,
    decisions: Decision[],
    { source, confirmMs }: Pick<Observation, 'source' | 'confirmMs'>,
    now: Date,
  ): Promise<void> {
    const facts = decisions.flatMap(({ fact }) => fact ?? []);
    if (facts.length > 0) await this.lifecycle.record(manager, facts);
    for (const { action, terraUserId, connectionId, referenceId } of decisions) {
      if (action !== 'disconnect_again') continue;
      const user = { terraUserId, connectionId, referenceId };
      await this.deauthentications.open(manager, { ...user, actor: source, reason: 'still listed at Terra' });
    }
    await this.mark(decisions, 'note_seen', (ids) => this.review.noteSeen(manager, ids));
    await this.mark(decisions, 'note_missing', async (ids) => {
      await this.review.noteMissing(manager, ids, now);
      // The second look, for which nobody has to wait for the next sweep.
      await this.review.hasten(manager, ids, new Date(now.getTime() + confirmMs));
    });
    afterCommit(manager, () => {
      for (const { action } of decisions) this.metrics.healing.inc({ source, action });
    });
  }

  private async mark(
    decisions: Decision[],
    wanted: Action,
    note: (terraUserIds: string[]) => Promise<void>,
  ): Promise<void> {
    const ids = decisions.filter(({ action }) => action === wanted).map(({ terraUserId }) => terraUserId);
    if (ids.length > 0) await note(ids);
  }
}
