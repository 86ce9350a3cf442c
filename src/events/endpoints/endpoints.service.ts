import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { v7 as uuidv7, validate as isUuid } from 'uuid';
import { Clock, RequestInvalidError } from '../../common';
import { OutboundOptions } from '../../config';
import { inTransaction } from '../../database';
import { describeEndpointUrlProblem } from '../../outbound';
import { newSecret } from './endpoint-secret';
import { EndpointNotFoundError, TooManyEndpointsError } from './endpoints.errors';
import { EndpointsRepository } from './endpoints.repository';
import type { EventEndpoint } from './event-endpoint.entity';

const MAX_ENDPOINTS = 100;
const HOUR_MS = 3_600_000;

/** What a caller says about an endpoint. */
export interface EndpointSettings {
  url: string;
  description: string | null;
  types: string[];
  enabled: boolean;
}

/** Creates, reads, changes and deletes the webhook endpoints of callers. */
@Injectable()
export class EndpointsService {
  private readonly logger = new Logger(EndpointsService.name);

  constructor(
    private readonly repository: EndpointsRepository,
    private readonly clock: Clock,
    private readonly outbound: OutboundOptions,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /**
   * Creates an endpoint with a new secret. It gets the events that get their positions from now on.
   *
   * @throws RequestInvalidError for a URL that the service does not call
   * @throws TooManyEndpointsError
   */
  async create(settings: EndpointSettings): Promise<EventEndpoint> {
    this.assertCallable(settings.url);
    const now = this.clock.now();
    const endpoint: EventEndpoint = {
      id: uuidv7(),
      ...settings,
      types: [...new Set(settings.types)],
      disabledReason: settings.enabled ? null : 'requested',
      secret: newSecret(),
      previousSecret: null,
      previousSecretUntil: null,
      failingSince: null,
      createdAt: now,
      updatedAt: now,
      deletedAt: null,
    };
    const isCreated = await inTransaction(this.dataSource, (manager) =>
      this.repository.insert(manager, endpoint, MAX_ENDPOINTS),
    );
    if (!isCreated) throw new TooManyEndpointsError(MAX_ENDPOINTS);
    this.logger.log({ event: 'webhook_endpoint.created', endpointId: endpoint.id });
    return endpoint;
  }

  /** Every endpoint, oldest first. */
  list(): Promise<EventEndpoint[]> {
    return this.repository.list();
  }

  /** @throws EndpointNotFoundError */
  async get(id: string): Promise<EventEndpoint> {
    const endpoint = isUuid(id) ? await this.repository.find(id) : null;
    if (!endpoint) throw new EndpointNotFoundError(id);
    return endpoint;
  }

  /**
   * Changes the given settings. Enabling an endpoint forgets its failures.
   *
   * @throws EndpointNotFoundError
   * @throws RequestInvalidError for a URL that the service does not call
   */
  async update(id: string, settings: Partial<EndpointSettings>): Promise<EventEndpoint> {
    if (settings.url !== undefined) this.assertCallable(settings.url);
    const changed = await this.change(id, (endpoint) => {
      const { url, description, types, enabled } = { ...endpoint, ...settings };
      const isSwitched = enabled !== endpoint.enabled;
      return {
        url,
        description,
        types: [...new Set(types)],
        enabled,
        disabledReason: isSwitched ? (enabled ? null : 'requested') : endpoint.disabledReason,
        failingSince: isSwitched ? null : endpoint.failingSince,
      };
    });
    this.logger.log({
      event: 'webhook_endpoint.updated',
      endpointId: id,
      fields: Object.keys(settings).sort(),
    });
    return changed;
  }

  /**
   * Gives an endpoint a new secret. The previous one also signs for some hours, and an older one no longer does.
   *
   * @throws EndpointNotFoundError
   */
  async rotateSecret(id: string, overlapHours: number): Promise<EventEndpoint> {
    const rotated = await this.change(id, ({ secret }) => ({
      secret: newSecret(),
      previousSecret: overlapHours === 0 ? null : secret,
      previousSecretUntil:
        overlapHours === 0 ? null : new Date(this.clock.now().getTime() + overlapHours * HOUR_MS),
    }));
    this.logger.log({ event: 'webhook_endpoint.secret_rotated', endpointId: id, overlapHours });
    return rotated;
  }

  /**
   * Deletes an endpoint. Nothing is sent to it any more, and a worker deletes its deliveries.
   *
   * @throws EndpointNotFoundError
   */
  async delete(id: string): Promise<void> {
    const now = this.clock.now();
    // The row remains until its deliveries are gone, so it must not keep what a receiver trusts.
    await this.change(id, () => ({
      enabled: false,
      disabledReason: 'requested',
      secret: '',
      previousSecret: null,
      previousSecretUntil: null,
      deletedAt: now,
    }));
    this.logger.log({ event: 'webhook_endpoint.deleted', endpointId: id });
  }

  private async change(
    id: string,
    changesOf: (endpoint: EventEndpoint) => Partial<EventEndpoint>,
  ): Promise<EventEndpoint> {
    if (!isUuid(id)) throw new EndpointNotFoundError(id);
    return inTransaction(this.dataSource, async (manager) => {
      const endpoint = await this.repository.lock(manager, id);
      if (!endpoint) throw new EndpointNotFoundError(id);
      const changed = { ...endpoint, ...changesOf(endpoint), updatedAt: this.clock.now() };
      await this.repository.update(manager, changed);
      return changed;
    });
  }

  private assertCallable(url: string): void {
    const problem = describeEndpointUrlProblem(url, this.outbound);
    if (problem !== null) throw new RequestInvalidError([{ field: 'url', detail: problem }]);
  }
}
