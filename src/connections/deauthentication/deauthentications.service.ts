import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../common';
import { afterCommit } from '../../database';
import type { Deauthentication, DeauthenticationRequest } from './deauthentication.entity';
import { DeauthenticationRepository } from './deauthentication.repository';

const REOPEN_PAUSE_MS = 3_600_000;

/** The ledger of deauthentications: a row comes before the first call, and stays when Terra has confirmed. */
@Injectable()
export class DeauthenticationsService {
  private wake: () => void = () => undefined;

  constructor(
    private readonly repository: DeauthenticationRepository,
    private readonly clock: Clock,
  ) {}

  /** The worker says how it is woken; without one in this process, another's looks every second. */
  onOpened(wake: () => void): void {
    this.wake = wake;
  }

  /** Asks for the end of a Terra user. While one request for it is pending, another changes nothing. */
  async open(manager: EntityManager, request: DeauthenticationRequest): Promise<void> {
    if (await this.repository.open(manager, request, this.clock.now()))
      afterCommit(manager, () => this.wake());
  }

  /** Data comes from one that was ended: asks for its end anew, once in an hour. */
  async reopen(
    manager: EntityManager,
    user: Pick<Deauthentication, 'terraUserId' | 'connectionId' | 'referenceId'>,
  ): Promise<void> {
    const since = new Date(this.clock.now().getTime() - REOPEN_PAUSE_MS);
    if (await this.repository.wasRequestedSince(manager, user.terraUserId, since)) return;
    await this.open(manager, { ...user, actor: 'webhooks', reason: 'data still comes' });
  }

  wasRequestedSince(manager: EntityManager, terraUserId: string, since: Date): Promise<boolean> {
    return this.repository.wasRequestedSince(manager, terraUserId, since);
  }

  /** Newest first. */
  listOf(referenceId: string): Promise<Deauthentication[]> {
    return this.repository.listOf(referenceId);
  }

  /** Terra users whose end had been confirmed by then, and whom no list has been read for since; in their order. */
  awaitingVerification(confirmedBefore: Date, after: string | null, limit: number): Promise<string[]> {
    return this.repository.awaitingVerification(confirmedBefore, after ?? '', limit);
  }

  /** Terra's lists were read to the end and did not name these any more: they are gone for good. */
  async verify(manager: EntityManager, terraUserIds: string[], confirmedBefore: Date): Promise<void> {
    await this.repository.verify(manager, terraUserIds, confirmedBefore, this.clock.now());
  }
}
