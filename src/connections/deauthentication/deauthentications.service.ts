import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../common';
import { afterCommit } from '../../database';
import { WorkerHost } from '../../queue';
import type { Deauthentication, DeauthenticationRequest } from './deauthentication.entity';
import { DeauthenticationRepository } from './deauthentication.repository';

/** The worker that calls Terra for pending requests. */
export const DEAUTHENTICATION_WORKER = 'deauthentications';

const REPEAT_PAUSE_MS = 3_600_000;

/** Deauthentication requests: a row is committed before the first call to Terra, and stays after Terra's confirmation. */
@Injectable()
export class DeauthenticationsService {
  constructor(
    private readonly repository: DeauthenticationRepository,
    private readonly workers: WorkerHost,
    private readonly clock: Clock,
  ) {}

  /** Requests the end of a Terra user. While one request for it is pending, another changes nothing. */
  async request(manager: EntityManager, request: DeauthenticationRequest): Promise<void> {
    if (await this.repository.insert(manager, request, this.clock.now()))
      afterCommit(manager, () => this.workers.notify(DEAUTHENTICATION_WORKER));
  }

  /** Requests the end of a Terra user again, since its data still comes; at most once an hour. */
  async requestAgain(
    manager: EntityManager,
    user: Pick<Deauthentication, 'terraUserId' | 'connectionId' | 'referenceId'>,
  ): Promise<void> {
    const since = new Date(this.clock.now().getTime() - REPEAT_PAUSE_MS);
    if (await this.repository.wasRequestedSince(manager, user.terraUserId, since)) return;
    await this.request(manager, { ...user, actor: 'webhooks', reason: 'data still comes' });
  }

  wasRequestedSince(manager: EntityManager, terraUserId: string, since: Date): Promise<boolean> {
    return this.repository.wasRequestedSince(manager, terraUserId, since);
  }

  /** Newest first. */
  listOf(referenceId: string): Promise<Deauthentication[]> {
    return this.repository.listOf(referenceId);
  }

  /** Terra users whose end was confirmed before that time and that no sweep has verified yet, in their order. */
  listUnverified(confirmedBefore: Date, after: string | null, limit: number): Promise<string[]> {
    return this.repository.listUnverified(confirmedBefore, after ?? '', limit);
  }

  /** Notes that a sweep read Terra's lists to the end and did not find these Terra users. */
  async markVerified(manager: EntityManager, terraUserIds: string[], confirmedBefore: Date): Promise<void> {
    await this.repository.markVerified(manager, terraUserIds, confirmedBefore, this.clock.now());
  }
}
