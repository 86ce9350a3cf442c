import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { Clock } from '../common';
import { SessionErasureService } from '../connect-sessions';
import { ConnectionErasureService } from '../connections';
import { afterCommit, inTransaction } from '../database';
import { Metrics } from '../observability';
import { ErasureNotFoundError } from './privacy.errors';
import type { Erasure } from './erasure.entity';
import { ErasureRepository } from './erasure.repository';
import { ErasureWorker } from './erasure.worker';

/** Forgets end users. */
@Injectable()
export class ErasuresService {
  private readonly logger = new Logger(ErasuresService.name);

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly repository: ErasureRepository,
    private readonly connections: ConnectionErasureService,
    private readonly sessions: SessionErasureService,
    private readonly worker: ErasureWorker,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /**
   * Asks for it. At once nothing older is believed of the end user any more, their connections count as ended, and their
   * links open nothing. The rest waits until Terra has confirmed every end. Of somebody unknown late news is kept out, too.
   *
   * @param actor who asks: an API key's id
   * @returns the erasure; while one is pending, that one
   */
  async request(referenceId: string, actor: string): Promise<Erasure> {
    return inTransaction(this.dataSource, async (manager) => {
      const now = this.clock.now();
      const isNew = await this.repository.open(manager, { referenceId, actor, now });
      const [erasure] = await this.repository.listOf(manager, referenceId);
      if (!erasure) throw new Error('An erasure was neither made nor found.');
      if (!isNew) return erasure;
      await this.connections.begin(manager, referenceId, actor);
      await this.sessions.close(manager, referenceId);
      afterCommit(manager, () => {
        this.metrics.erasures.inc({ status: 'pending' });
        this.logger.log({ event: 'erasure.requested', erasureId: erasure.id, actor });
        this.worker.notify();
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
