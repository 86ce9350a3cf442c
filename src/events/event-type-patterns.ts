import { EVENT_TYPES, type EventType } from './event-types';

/** `connection.*` names every type of a group, `*` every type but those with health data: these are named by `data.*`. */
const GROUPS = new Map<string, readonly EventType[]>([
  ['*', EVENT_TYPES.filter((type) => !type.startsWith('data.'))],
  ...[...new Set(EVENT_TYPES.map(groupOf))].map(
    (group) => [`${group}.*`, EVENT_TYPES.filter((type) => groupOf(type) === group)] as const,
  ),
]);

function groupOf(type: string): string {
  return type.slice(0, type.indexOf('.'));
}

/** The types that names and groups stand for; null if one of them stands for none. */
export function typesOf(patterns: readonly string[]): EventType[] | null {
  const types = patterns.map(
    (pattern) => GROUPS.get(pattern) ?? EVENT_TYPES.filter((type) => type === pattern),
  );
  return types.some(({ length }) => length === 0) ? null : [...new Set(types.flat())];
}

/** Every name and group that stands for some type. */
export const EVENT_TYPE_PATTERNS: readonly string[] = [...GROUPS.keys(), ...EVENT_TYPES];

/** The names and groups that stand for a type, among others. */
export function patternsOf(type: EventType): string[] {
  const groups = [...GROUPS].filter(([, types]) => types.includes(type)).map(([pattern]) => pattern);
  return [type, ...groups];
}

/** The types that leave through NATS; none without NATS. @throws Error when the options name a type that does not exist */
export function natsTypesOf({ servers, types }: { servers: string[]; types: string[] }): EventType[] {
  if (servers.length === 0) return [];
  const named = typesOf(types);
  if (!named) throw new Error('EVENTS_NATS_TYPES (nats.types) names a type that does not exist.');
  return named;
}
