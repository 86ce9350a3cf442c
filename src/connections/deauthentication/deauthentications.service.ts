import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../common';
import { afterCommit } from '../../database';
import { WorkerHost } from '../../queue';
import type { Deauthentication, DeauthenticationRequest } from './deauthentication.entity';
import { DeauthenticationRepository } from './deauthentication.repository';

/** The name of the worker that calls Terra for pending requests. */
export const DEAUTHENTICATION_WORKER = 'deauthentications';

const REPEAT_PAUSE_MS = 3_600_000;

/** Adds and reads deauthentication requests. A request is committed before the first call to Terra. */
@Injectable()
export class DeauthenticationsService {
  constructor(
    private readonly repository: DeauthenticationRepository,
    private readonly workers: WorkerHost,
    private readonly clock: Clock,
  ) {}

  /** Requests the end of a Terra user. It has no effect while another request for this Terra user is pending. */
  async request(manager: EntityManager, request: DeauthenticationRequest): Promise<void> {
    if (await this.repository.insert(manager, request, this.clock.now()))
      afterCommit(manager, () => this.workers.notify(DEAUTHENTICATION_WORKER));
  }

  /** Requests the end of a Terra user again, because its data still arrives; at most once an hour. */
  async requestAgain(
    manager: EntityManager,
    user: Pick<Deauthentication, 'terraUserId' | 'connectionId' | 'referenceId'>,
  ): Promise<void> {
    const since = new Date(this.clock.now().getTime() - REPEAT_PAUSE_MS);
    if (await this.repository.wasRequestedSince(manager, user.terraUserId, since)) return;
    await this.request(manager, { ...user, actor: 'webhooks', reason: 'data still arrives' });
  }

  wasRequestedSince(manager: EntityManager, terraUserId: string, since: Date): Promise<boolean> {
    return this.repository.wasRequestedSince(manager, terraUserId, since);
  }

  /** The deauthentication requests of an end user, newest first. */
  listOf(referenceId: string): Promise<Deauthentication[]> {
    return this.repository.listOf(referenceId);
  }

  /** Terra users whose end Terra confirmed before `confirmedBefore` and no sweep has verified, ordered by id. */
  listUnverified(confirmedBefore: Date, after: string | null, limit: number): Promise<string[]> {
    return this.repository.listUnverified(confirmedBefore, after ?? '', limit);
  }

  /** Records that a sweep read all pages of Terra's list without finding these Terra users. */
  async markVerified(manager: EntityManager, terraUserIds: string[], confirmedBefore: Date): Promise<void> {
    await this.repository.markVerified(manager, terraUserIds, confirmedBefore, this.clock.now());
  }
}
