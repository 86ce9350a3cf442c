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

  /** Requests the end of Terra users. A Terra user with a pending request gets no other one; the first of two counts. */
  async request(manager: EntityManager, requests: DeauthenticationRequest[]): Promise<void> {
    if (requests.length === 0) return;
    if (await this.repository.insert(manager, requests, this.clock.now()))
      afterCommit(manager, () => this.workers.notify(DEAUTHENTICATION_WORKER));
  }

  /** Requests the end of Terra users again, because their data still arrives; at most once an hour for each. */
  async requestAgain(
    manager: EntityManager,
    users: Pick<Deauthentication, 'terraUserId' | 'connectionId' | 'referenceId'>[],
  ): Promise<void> {
    if (users.length === 0) return;
    const since = new Date(this.clock.now().getTime() - REPEAT_PAUSE_MS);
    const ids = users.map(({ terraUserId }) => terraUserId);
    const requested = await this.repository.requestedSince(manager, ids, since);
    const request = { actor: 'webhooks', reason: 'data still arrives' };
    const again = users.filter(({ terraUserId }) => !requested.has(terraUserId));
    await this.request(
      manager,
      again.map((user) => ({ ...user, ...request })),
    );
  }

  /** The Terra users among `terraUserIds` whose end was requested after `since`. */
  requestedSince(manager: EntityManager, terraUserIds: string[], since: Date): Promise<Set<string>> {
    return this.repository.requestedSince(manager, terraUserIds, since);
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
