import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../common';
import { afterCommit } from '../../database';
import { Metrics } from '../../observability';
import { mayBecome } from '../connection-status';
import type { Admission } from './admission';
import type { Fact } from './connection-fact';
import { ConnectionFactRepository } from './connection-fact.repository';
import type { ConnectionReport } from './connection-rows';
import { OwnedTerraUsers } from './owned-terra-users';
import { ProjectionLoader } from './projection-loader.service';
import { ProjectionModel, type AppliedFact, type ProjectionChanges } from './projection-model';
import { ProjectionWriterRepository } from './projection-writer.repository';

/** Stores facts and computes connections from them, for Terra users whose locks the caller has. */
@Injectable()
export class ConnectionProjector {
  private readonly logger = new Logger(ConnectionProjector.name);

  constructor(
    private readonly loader: ProjectionLoader,
    private readonly facts: ConnectionFactRepository,
    private readonly writer: ProjectionWriterRepository,
    private readonly owned: OwnedTerraUsers,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores the admitted facts, and writes the identities and connections that they change. The number of statements does
   * not depend on the number of facts.
   *
   * @param known the stored facts about the Terra users whose locks the caller has
   * @param locked these Terra users
   * @returns the Terra user of each step, as it is after the step, and what was written
   */
  async project(
    manager: EntityManager,
    admission: Admission,
    known: Fact[],
    locked: string[],
  ): Promise<{ applied: AppliedFact[]; changes: ProjectionChanges }> {
    const stored = await this.loader.load(manager, admission, known, locked);
    const now = this.clock.now();
    const model = new ProjectionModel(stored, now);
    const applied = admission.steps.map(({ terraUserId, fact }) =>
      fact ? model.apply(fact) : model.current(terraUserId),
    );
    const changes = model.changes();
    await this.facts.insert(manager, changes.facts, changes.compaction);
    await this.writer.write(manager, changes, now);
    const owned = changes.identities.filter(({ connectionId }) => connectionId !== null);
    await this.owned.tell(
      manager,
      owned.map(({ terraUserId }) => terraUserId),
    );
    afterCommit(manager, () => {
      for (const report of changes.reports) this.report(report);
    });
    return { applied, changes };
  }

  private report(report: ConnectionReport): void {
    const { what, connectionId } = report;
    if (what === 'merged') {
      const { mergedId } = report;
      this.logger.log({ event: 'connection.merged', connectionId, mergedId });
    } else if (what === 'provisional') this.logger.log({ event: 'connection.provisional', connectionId });
    else this.reportStatus(report);
  }

  private reportStatus({
    connectionId,
    from,
    to,
    reason,
  }: Extract<ConnectionReport, { what: 'status' }>): void {
    this.metrics.connectionChanges.inc({ status: to });
    const change = { connectionId, from, reason };
    this.logger.log({ event: from === null ? 'connection.linked' : `connection.${to}`, ...change });
    if (to === 'moved') this.logger.error({ event: 'connection.moved_to_another_end_user', ...change });
    // The facts decide the status. The table of transitions only says what we expect.
    if (from !== null && !mayBecome(from, to))
      this.logger.warn({ event: 'connection.unexpected_transition', to, ...change });
  }
}
