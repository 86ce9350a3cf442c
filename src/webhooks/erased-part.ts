import type { Tombstones } from '../connections';
import type { TerraEvent } from '../terra';
import { labelsOf } from './event-labels';

/** How much of an event is about erased end users; `some`: a part, such as the old user of a swap. */
export type ErasedPart = 'all' | 'some' | 'none';

/** The ids of end users and Terra users that an event names. */
interface NamedIds {
  terraUserIds: string[];
  referenceIds: string[];
}

/** The body that replaces the body of an event about an erased end user. Processing it again has no effect. */
export function erasedBody(type: string | null): Buffer {
  return Buffer.from(JSON.stringify({ type: type ?? 'unknown', data: 'erased' }));
}

/** All ids that the events name, each once. */
export function idsNamedIn(events: TerraEvent[]): NamedIds {
  const users = events.flatMap(({ user, oldUser, newUser }) =>
    [user, oldUser, newUser].flatMap((one) => one ?? []),
  );
  return {
    terraUserIds: [
      ...new Set([
        ...events.flatMap(({ terraUserId }) => terraUserId ?? []),
        ...users.map(({ terraUserId }) => terraUserId),
      ]),
    ],
    referenceIds: [
      ...new Set([
        ...events.flatMap(({ owner }) => owner.referenceId ?? []),
        ...users.flatMap(({ referenceId }) => referenceId ?? []),
      ]),
    ],
  };
}

/** The service must not keep the body of an event that names erased end users. */
export function erasedPartOf(event: TerraEvent, occurredAt: Date, tombstones: Tombstones): ErasedPart {
  if (tombstones.size === 0) return 'none';
  const { terraUserIds, referenceIds } = idsNamedIn([event]);
  const names = [
    ...terraUserIds.map((id) => `terra_user:${id}` as const),
    ...referenceIds.map((id) => `end_user:${id}` as const),
  ];
  const erased = names.filter((name) => tombstones.has(name)).length;
  const subject = labelsOf(event);
  // An event that occurred after the erasure is about an end user who came back.
  const erasedAt = tombstones.get(`end_user:${subject.referenceId}`);
  const isAll =
    tombstones.has(`terra_user:${subject.terraUserId}`) || (erasedAt !== undefined && occurredAt <= erasedAt);
  if (isAll) return 'all';
  return erased > (erasedAt === undefined ? 0 : 1) ? 'some' : 'none';
}
