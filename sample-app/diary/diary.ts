import type { ServiceEvent } from '../events/service-event';
import { entriesFrom, type Entry } from './terra-data';

/** How many days with entries the diary keeps of one end user. */
export const DIARY_DAYS = 7;
const MAX_ENTRIES = 200;

interface StoredEntry {
  entry: Entry;
  /** The time and the sequence of the event that brought it, as a text that sorts like them. */
  order: string;
}

/** The entries of all end users, in memory. This replaces a database: after a restart of the app, the diary is empty. */
export class Diary {
  private readonly byReference = new Map<string, Map<string, StoredEntry>>();

  /**
   * Adds the health data of an event. Each update of a day has all of its data, so the newest one replaces the others, in
   * whatever order they arrive.
   *
   * @returns whether the diary has changed
   */
  add(referenceId: string, event: ServiceEvent): boolean {
    const stored = this.byReference.get(referenceId) ?? new Map<string, StoredEntry>();
    const order = `${event.time} ${event.sequence}`;
    const newer = entriesFrom(event).filter(({ key }) => (stored.get(key)?.order ?? '') < order);
    for (const entry of newer) stored.set(entry.key, { entry, order });
    forgetOldest(stored);
    this.byReference.set(referenceId, stored);
    return newer.length > 0;
  }

  /** Deletes everything of an end user. */
  forget(referenceId: string): void {
    this.byReference.delete(referenceId);
  }

  /** Newest day first. */
  entriesOf(referenceId: string): Entry[] {
    const stored = this.byReference.get(referenceId) ?? new Map<string, StoredEntry>();
    return newestFirst([...stored.values()].map(({ entry }) => entry));
  }
}

function forgetOldest(stored: Map<string, StoredEntry>): void {
  const entries = newestFirst([...stored.values()].map(({ entry }) => entry));
  const days = new Set([...new Set(entries.map(({ day }) => day))].slice(0, DIARY_DAYS));
  for (const [index, { key, day }] of entries.entries())
    if (index >= MAX_ENTRIES || !days.has(day)) stored.delete(key);
}

function newestFirst(entries: Entry[]): Entry[] {
  return entries.sort((one, other) => compare(other.day, one.day) || compare(one.key, other.key));
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
