import { createHash } from 'node:crypto';

/** What the bench reads of an event that left the service. */
export interface TakenEvent {
  id: string;
  /** The reference of the end user. */
  subject?: string;
  sequence: string;
  data: { payload?: { data?: { metadata?: { summary_id?: string } }[] } };
}

/** The events that one taker must have got. */
export interface ExpectedEvents {
  count: number;
  /** See {@link digestOf}. */
  digest: string;
}

/** What one taker got. Times are milliseconds since 1970. */
export interface Taken {
  lastAt: number;
  /** When the first event came about an end user, and when each health data came, by the id of its summary. */
  times: [string, number][];
}

/** The events that one taker gets, with the time of each. An event that comes twice or out of order is a problem. */
export class Arrivals {
  private readonly ids = new Set<string>();
  private readonly lastSequences = new Map<string, string>();
  private readonly times = new Map<string, number>();
  private lastAt = NaN;
  /** The first thing that went wrong; null: nothing. */
  problem: string | null = null;

  get count(): number {
    return this.ids.size;
  }

  add({ id, subject = '', sequence, data }: TakenEvent, at: number): void {
    if (this.ids.has(id)) this.problem ??= `event ${id} came twice`;
    if (sequence <= (this.lastSequences.get(subject) ?? ''))
      this.problem ??= `event ${id} of one end user came after a later one`;
    this.ids.add(id);
    this.lastSequences.set(subject, sequence);
    this.lastAt = at;
    const key = data.payload?.data?.[0]?.metadata?.summary_id ?? subject;
    if (!this.times.has(key)) this.times.set(key, at);
  }

  /** Ends the measure: the next one starts without events. @throws Error when an event is missing or wrong */
  take({ count, digest }: ExpectedEvents): Taken {
    const { ids, lastAt, problem } = this;
    const times = [...this.times];
    if (problem !== null) throw new Error(problem);
    if (ids.size !== count || digestOf(ids) !== digest)
      throw new Error(`${ids.size} events came, and ${count} should have, or others.`);
    ids.clear();
    this.times.clear();
    return { lastAt, times };
  }
}

/** The same for the same ids in any order. Postgres computes it as md5(string_agg(id::text, ',' ORDER BY id)). */
export function digestOf(ids: Iterable<string>): string {
  return createHash('md5')
    .update([...ids].sort().join())
    .digest('hex');
}
