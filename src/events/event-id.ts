/** The lower bound of the ids of events that were stored at a time or later: ids are UUIDv7 and begin with their milliseconds. */
export function firstEventIdOf(time: Date): string {
  const hex = Math.max(0, time.getTime()).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-0000-0000-000000000000`;
}
