import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { Clock } from '../common';
import { afterCommit, inTransaction } from '../database';
import { Metrics } from '../observability';
import { WorkerHost } from '../queue';
import type { Erasure } from './erasure.entity';
import { ErasureRepository } from './erasure.repository';
import { PersonalDataRegistry } from './personal-data.registry';
import { ErasureNotFoundError } from './privacy.errors';

/** The name of the worker that completes erasures. */
export const ERASURE_WORKER = 'erasures';

/** Requests and reads erasures of end users. */
@Injectable()
export class ErasuresService {
  private readonly logger = new Logger(ErasuresService.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly repository: ErasureRepository,
    private readonly registry: PersonalDataRegistry,
    private readonly workers: WorkerHost,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /**
   * Requests an erasure. From now on, facts that occurred before the erasure are dropped when they arrive, connections
   * count as ended, and links stop working. The rows are erased after Terra has confirmed every end. An erasure of an
   * unknown end user has the same effect on late events.
   *
   * @param actor who requests the erasure: an API key's id
   * @returns the new erasure, or the one that is already pending
   */
  async request(referenceId: string, actor: string): Promise<Erasure> {
    return inTransaction(this.dataSource, async (manager) => {
      const request = { referenceId, actor, requestedAt: this.clock.now() };
      const isNew = await this.repository.insert(manager, request);
      const [erasure] = await this.repository.listOf(manager, referenceId);
      if (!erasure) throw new Error('The erasure was neither inserted nor found.');
      if (!isNew) return erasure;
      await this.registry.beginErasure(manager, request);
      afterCommit(manager, () => {
        this.metrics.erasures.inc({ status: 'pending' });
        this.logger.log({ event: 'erasure.requested', erasureId: erasure.id, actor });
        this.workers.notify(ERASURE_WORKER);
      });
      return erasure;
    });
  }

  /** @throws ErasureNotFoundError */
  async get(id: string): Promise<Erasure> {
    const erasure = isUuid(id) ? await this.repository.find(id) : null;
    if (!erasure) throw new ErasureNotFoundError();
    return erasure;
  }
}
