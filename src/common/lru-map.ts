/** A map of bounded size. When it is full, a new entry displaces the entry that was written longest ago. */
export class LruMap<Value> {
  // A Map keeps the order of insertion, so its first entry is the oldest.
  private readonly entries = new Map<string, Value>();

  constructor(private readonly capacity: number) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: string): Value | undefined {
    return this.entries.get(key);
  }

  /** The entry that was written longest ago. */
  oldest(): [key: string, value: Value] | undefined {
    const { done, value } = this.entries.entries().next();
    return done ? undefined : value;
  }

  set(key: string, value: Value): void {
    this.entries.delete(key);
    const oldest = this.entries.size >= this.capacity ? this.oldest() : undefined;
    if (oldest) this.entries.delete(oldest[0]);
    this.entries.set(key, value);
  }

  delete(key: string): void {
    this.entries.delete(key);
  }
}
