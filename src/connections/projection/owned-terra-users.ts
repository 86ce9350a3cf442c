import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

type Listener = (manager: EntityManager, terraUserIds: string[]) => Promise<void>;

/** Tells the modules above which Terra users have an owner, in the transaction that records it. */
@Injectable()
export class OwnedTerraUsers {
  private readonly listeners: Listener[] = [];

  /** Call it in a constructor. The listener runs after the rows are written, and must be safe to repeat. */
  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** @param terraUserIds the Terra users that have a connection and that these facts have changed */
  async tell(manager: EntityManager, terraUserIds: string[]): Promise<void> {
    if (terraUserIds.length === 0) return;
    for (const listener of this.listeners) await listener(manager, terraUserIds);
  }
}
