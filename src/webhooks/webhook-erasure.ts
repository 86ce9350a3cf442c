import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { ConnectionErasureService } from '../connections';
import type { TerraEvent } from '../terra';
import { labelsOf } from './event-labels';

/** What of an event is about somebody who was erased: the whole of it, a part (the old user of a swap), or nothing. */
export type ErasedPart = 'all' | 'some' | 'none';

/** What remains of the body of an event about somebody who was erased. Worked off once more, it does nothing. */
export function erasedBody(type: string | null): Buffer {
  return Buffer.from(JSON.stringify({ type: type ?? 'unknown', data: 'erased' }));
}

/** Finds out whether events name people who were erased: such an event must not stay as it came. */
@Injectable()
export class WebhookErasureCheck {
  constructor(private readonly erasure: ConnectionErasureService) {}

  /** Before any event is read: until the transaction ends, nobody is erased. */
  shareErasureLock(manager: EntityManager): Promise<void> {
    return this.erasure.shareErasureLock(manager);
  }

  async erasedPart(manager: EntityManager, event: TerraEvent, at: Date): Promise<ErasedPart> {
    const users = [event.user, event.oldUser, event.newUser].flatMap((user) => user ?? []);
    const subject = labelsOf(event);
    const terraUserIds = [...new Set(users.map(({ terraUserId }) => terraUserId))];
    const referenceIds = [
      ...new Set([event.owner.referenceId, ...users.map(({ referenceId }) => referenceId)]),
    ].flatMap((id) => id ?? []);
    if (terraUserIds.length + referenceIds.length === 0) return 'none';
    const tombstones = await this.erasure.tombstonesOf(manager, { terraUserIds, referenceIds });
    if (tombstones.size === 0) return 'none';
    // Of an end user, what is newer is about somebody who came back.
    const erasedAt = tombstones.get(`end_user:${subject.referenceId}`);
    const isAll =
      tombstones.has(`terra_user:${subject.terraUserId}`) || (erasedAt !== undefined && at <= erasedAt);
    if (isAll) return 'all';
    return tombstones.size > (erasedAt === undefined ? 0 : 1) ? 'some' : 'none';
  }
}
