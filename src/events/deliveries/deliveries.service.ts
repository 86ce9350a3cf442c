import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { validate as isUuid } from 'uuid';
import { Clock, RequestInvalidError } from '../../common';
import { afterCommit, inTransaction } from '../../database';
import { decodeCursor, toPage, type Page } from '../../http';
import { WorkerHost } from '../../queue';
import { EndpointsService } from '../endpoints/endpoints.service';
import { firstEventIdOf } from '../event-id';
import { typesOf } from '../event-type-patterns';
import { DELIVERIES } from '../worker-names';
import { DeliveriesRepository, type DeliverySummary } from './deliveries.repository';
import { DeliveryNotFoundError, EndpointDisabledError } from './deliveries.errors';
import type { DeliveryStatus } from './event-delivery.entity';

/** Where to start: at a time, or after an event. Exactly one is given. */
export interface RepeatRequest {
  from?: Date;
  after?: string;
  limit: number;
}

export interface RepeatReport {
  repeated: number;
  /** The last repeated event, if there may be more after it. */
  nextAfter: string | null;
}

/** Lists and repeats the deliveries of webhook endpoints. */
@Injectable()
export class DeliveriesService {
  private readonly logger = new Logger(DeliveriesService.name);

  constructor(
    private readonly endpoints: EndpointsService,
    private readonly repository: DeliveriesRepository,
    private readonly clock: Clock,
    private readonly workers: WorkerHost,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /**
   * Lists the deliveries of an endpoint, newest events first.
   *
   * @throws EndpointNotFoundError
   */
  async list(
    endpointId: string,
    { status, limit, cursor }: { status?: DeliveryStatus; limit: number; cursor?: string },
  ): Promise<Page<DeliverySummary>> {
    await this.endpoints.get(endpointId);
    const beforeId = cursor === undefined ? null : decodeCursor(cursor);
    const criteria = { status: status ?? null, beforeId };
    return toPage(await this.repository.list(endpointId, criteria, limit + 1), limit);
  }

  /**
   * Delivers one event again, whatever became of it, also if the endpoint has never got it.
   *
   * @throws EndpointNotFoundError
   * @throws EndpointDisabledError
   * @throws DeliveryNotFoundError when there is no such event any more
   */
  async repeatOne(endpointId: string, eventId: string): Promise<void> {
    await this.assertEnabled(endpointId);
    const isKnown =
      isUuid(eventId) &&
      (await inTransaction(this.dataSource, (manager) => {
        afterCommit(manager, () => this.workers.notify(DELIVERIES));
        return this.repository.repeatOne(manager, endpointId, eventId, this.clock.now());
      }));
    if (!isKnown) throw new DeliveryNotFoundError(eventId);
    this.logger.log({ event: 'event_delivery.repeated', endpointId, count: 1 });
  }

  /**
   * Delivers the events of the endpoint's types again, from a time or an event on, also those that it has never got.
   *
   * @throws EndpointNotFoundError
   * @throws EndpointDisabledError
   * @throws RequestInvalidError when there is no start, or there are two
   */
  async repeatFrom(endpointId: string, { from, after, limit }: RepeatRequest): Promise<RepeatReport> {
    if ((from === undefined) === (after === undefined))
      throw new RequestInvalidError([{ field: 'from', detail: 'must be given, or else `after`' }]);
    const patterns = await this.assertEnabled(endpointId);
    const types = typesOf(patterns) ?? [];
    const afterId = after ?? firstEventIdOf(from as Date);
    const now = this.clock.now();
    const ids = await inTransaction(this.dataSource, (manager) => {
      afterCommit(manager, () => this.workers.notify(DELIVERIES));
      return this.repository.repeatAfter(manager, endpointId, { afterId, types, limit, now });
    });
    this.logger.log({ event: 'event_delivery.repeated', endpointId, count: ids.length });
    return { repeated: ids.length, nextAfter: ids.length === limit ? (ids.at(-1) ?? null) : null };
  }

  /** @returns what the endpoint subscribes to */
  private async assertEnabled(endpointId: string): Promise<string[]> {
    const { enabled, types } = await this.endpoints.get(endpointId);
    if (!enabled) throw new EndpointDisabledError(endpointId);
    return types;
  }
}
