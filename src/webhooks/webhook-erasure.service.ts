import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common';
import type { PersonIds } from '../connections';
import { erasedBody } from './webhook-erasure';
import { WebhookErasureRepository } from './webhook-erasure.repository';
import type { WebhookEvent } from './webhook-event.entity';

/** What erasure and export need of this room. All of it runs inside the caller's transaction. */
@Injectable()
export class WebhookErasureService {
  constructor(
    private readonly repository: WebhookErasureRepository,
    private readonly clock: Clock,
  ) {}

  hasUnread(manager: EntityManager, receivedUntil: Date): Promise<boolean> {
    return this.repository.hasUnread(manager, receivedUntil);
  }

  listOf(manager: EntityManager, person: PersonIds): Promise<WebhookEvent[]> {
    return this.repository.listOf(manager, person);
  }

  /**
   * @param successors somebody else's Terra users that took the place of one of the person's
   * @returns how many events were blanked
   */
  async erase(manager: EntityManager, person: PersonIds, successors: string[]): Promise<number> {
    const now = this.clock.now();
    const events = await this.repository.findOf(manager, person);
    for (const { id, type } of events) await this.repository.blank(manager, id, type, erasedBody(type), now);
    const swaps = await this.repository.blankSwaps(manager, successors, erasedBody('user_reauth'));
    return events.length + swaps;
  }
}
