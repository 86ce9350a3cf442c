import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { afterCommit } from '../../database';
import { EventBodies, EventLog, type DataEventType } from '../../events';
import { Metrics } from '../../observability';
import { DataOwnerRepository } from './data-owner.repository';
import { passageOf, type DataClaim, type DataOwner, type DataPassage } from './data-passage';

/** A data event of Terra that a taker wants. */
export interface ReceivedDataEvent extends DataClaim {
  type: DataEventType;
  /** As Terra sent it. */
  terraType: string;
  provider: string | null;
  occurredAt: Date;
  /** The bytes that Terra has signed. */
  body: Buffer;
}

/** Hands health data on to takers, if the connection of its Terra user may send it. */
@Injectable()
export class ForwardedDataService {
  constructor(
    private readonly owners: DataOwnerRepository,
    private readonly log: EventLog,
    private readonly bodies: EventBodies,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Appends an event with its body for each of these that may leave, in the order of their times. The caller has locked the
   * Terra users, so that a disconnect either comes first, or finds the bodies and deletes them.
   *
   * @returns what happened to each, in the order of the events
   */
  async forward(manager: EntityManager, events: ReceivedDataEvent[]): Promise<DataPassage[]> {
    const terraUserIds = new Set(events.flatMap(({ terraUserId }) => terraUserId ?? []));
    const owners = await this.owners.find(manager, [...terraUserIds]);
    const passages = events.map((event) => passageOf(event, owners.get(event.terraUserId ?? '') ?? null));
    const leaving = events
      .flatMap((event, index) => {
        const passage = passages[index];
        return passage?.kind === 'forwarded' ? { ...event, owner: passage.owner } : [];
      })
      .sort((one, other) => one.occurredAt.getTime() - other.occurredAt.getTime());
    const ids = await this.log.append(manager, leaving.map(eventOf));
    await this.bodies.store(
      manager,
      leaving.map(({ owner, body }, index) => {
        return { eventId: ids[index] as string, connectionId: owner?.connectionId ?? null, body };
      }),
    );
    afterCommit(manager, () => {
      for (const passage of passages)
        this.metrics.dataEvents.inc({ outcome: passage.kind === 'withheld' ? passage.cause : passage.kind });
    });
    return passages;
  }
}

function eventOf({
  type,
  terraType,
  terraUserId,
  provider,
  occurredAt,
  owner,
}: ReceivedDataEvent & { owner: DataOwner | null }): Parameters<EventLog['append']>[1][number] {
  const { referenceId, connectionId } = owner ?? { referenceId: null, connectionId: null };
  const data = { referenceId, connectionId, terraUserId, provider, terraType };
  return { type, referenceId, connectionId, occurredAt, data };
}
