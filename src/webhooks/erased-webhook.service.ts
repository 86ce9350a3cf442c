import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { DataSubjectsService } from '../connections';
import type { TerraEvent } from '../terra';
import { labelsOf } from './event-labels';

/** How much of an event is about erased end users; `some`: a part, such as the old user of a swap. */
export type ErasedPart = 'all' | 'some' | 'none';

/** The body that replaces the body of an event about an erased end user. Processing it again has no effect. */
export function erasedBody(type: string | null): Buffer {
  return Buffer.from(JSON.stringify({ type: type ?? 'unknown', data: 'erased' }));
}

/** Finds out whether events name erased end users: the service must not keep the body of such an event. */
@Injectable()
export class ErasedWebhookService {
  constructor(private readonly subjects: DataSubjectsService) {}

  /** Call it before the transaction reads an event. Then no erasure completes until the transaction ends. */
  shareErasureLock(manager: EntityManager): Promise<void> {
    return this.subjects.shareErasureLock(manager);
  }

  async erasedPart(manager: EntityManager, event: TerraEvent, occurredAt: Date): Promise<ErasedPart> {
    const users = [event.user, event.oldUser, event.newUser].flatMap((user) => user ?? []);
    const subject = labelsOf(event);
    const terraUserIds = [...new Set(users.map(({ terraUserId }) => terraUserId))];
    const referenceIds = [
      ...new Set([event.owner.referenceId, ...users.map(({ referenceId }) => referenceId)]),
    ].flatMap((id) => id ?? []);
    if (terraUserIds.length + referenceIds.length === 0) return 'none';
    const tombstones = await this.subjects.tombstonesOf(manager, { terraUserIds, referenceIds });
    if (tombstones.size === 0) return 'none';
    // An event that occurred after the erasure is about an end user who came back.
    const erasedAt = tombstones.get(`end_user:${subject.referenceId}`);
    const isAll =
      tombstones.has(`terra_user:${subject.terraUserId}`) ||
      (erasedAt !== undefined && occurredAt <= erasedAt);
    if (isAll) return 'all';
    return tombstones.size > (erasedAt === undefined ? 0 : 1) ? 'some' : 'none';
  }
}
