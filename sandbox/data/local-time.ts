export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The day (`2026-11-26`) at a moment, for a zone that is `zoneMinutes` ahead of UTC. */
export function localDay(at: number, zoneMinutes: number): string {
  return new Date(at + zoneMinutes * MINUTE).toISOString().slice(0, 10);
}

/** The midnight with which a day begins in the zone, in milliseconds since the epoch. */
export function startOfDay(day: string, zoneMinutes: number): number {
  return Date.parse(`${day}T00:00:00Z`) - zoneMinutes * MINUTE;
}

export function dayBefore(day: string, days = 1): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - days * DAY).toISOString().slice(0, 10);
}

/** Terra's form of a time: ISO 8601 with microseconds and the zone, as in `2026-11-26T07:30:00.000000+01:00`. */
export function wireTime(at: number, zoneMinutes: number): string {
  const local = new Date(at + zoneMinutes * MINUTE).toISOString().slice(0, 19);
  const ahead = Math.abs(zoneMinutes);
  const hours = String(Math.floor(ahead / 60)).padStart(2, '0');
  const minutes = String(ahead % 60).padStart(2, '0');
  return `${local}.000000${zoneMinutes < 0 ? '-' : '+'}${hours}:${minutes}`;
}
