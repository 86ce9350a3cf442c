import { Injectable, Logger } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { Clock } from '../../common';
import { afterCommit, inTransaction } from '../../database';
import { Metrics } from '../../observability';
import { EndpointsRepository } from '../endpoints/endpoints.repository';
import type { DisabledReason, EventEndpoint } from '../endpoints/event-endpoint.entity';
import { EventLog } from '../event-log.service';
import type { AttemptMeaning } from './answer-meaning';

/** After how long without an accepted delivery an endpoint is disabled. */
const DISABLE_AFTER_MS = 5 * 86_400_000;

/** Follows whether endpoints accept events, and disables those that do not. */
@Injectable()
export class EndpointCondition {
  private readonly logger = new Logger(EndpointCondition.name);

  constructor(
    private readonly repository: EndpointsRepository,
    private readonly events: EventLog,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
    @InjectDataSource() private readonly dataSource: DataSource,
  ) {}

  /**
   * Takes note of an attempt. It writes only when the condition changes.
   *
   * @param endpoint is changed too, so that all lanes in flight share what is known
   */
  async note(endpoint: EventEndpoint, { kind }: Pick<AttemptMeaning, 'kind'>): Promise<void> {
    const now = this.clock.now();
    if (kind === 'gone') return this.disable(endpoint, 'gone');
    if (kind === 'accepted' && endpoint.failingSince !== null) await this.setFailingSince(endpoint, null);
    if (kind !== 'failed') return;
    if (endpoint.failingSince === null) return this.setFailingSince(endpoint, now);
    if (now.getTime() - endpoint.failingSince.getTime() >= DISABLE_AFTER_MS)
      await this.disable(endpoint, 'failing');
  }

  private async setFailingSince(endpoint: EventEndpoint, since: Date | null): Promise<void> {
    endpoint.failingSince = since;
    await this.repository.setFailingSince(endpoint.id, since);
  }

  private async disable(endpoint: EventEndpoint, reason: DisabledReason): Promise<void> {
    if (!endpoint.enabled) return;
    endpoint.enabled = false;
    const { id, description, failingSince } = endpoint;
    const now = this.clock.now();
    await inTransaction(this.dataSource, async (manager) => {
      if (!(await this.repository.disable(manager, id, reason, now))) return;
      const data = { endpointId: id, description, reason, failingSince: failingSince?.toISOString() ?? null };
      await this.events.append(manager, [
        { type: 'endpoint.disabled', referenceId: null, connectionId: null, occurredAt: now, data },
      ]);
      afterCommit(manager, () => {
        this.metrics.webhookEndpointsDisabled.inc({ reason });
        this.logger.warn({ event: 'webhook_endpoint.disabled', endpointId: id, reason });
      });
    });
  }
}
