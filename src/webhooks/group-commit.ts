import { isDatabaseUnavailable, sqlStateOf } from '../common';
import { DeliveryNotStoredError } from './webhooks.errors';

interface Bound {
  items: number;
  bytes: number;
}

export interface GroupLimits {
  group: Bound;
  /** Of what waits for the next groups. */
  waiting: Bound;
  /** How many groups are committed at the same time. */
  parallel: number;
  /** After this time, an item fails, although it may still be committed. */
  deadlineMs: number;
}

interface Entry<Item, Result> {
  item: Item;
  bytes: number;
  succeed: (result: Result) => void;
  fail: (error: Error) => void;
  isAnswered: boolean;
}

// Data, integrity, program limits, exceptions of triggers, internal errors: one row can cause them.
const ERROR_OF_A_ROW = /^(?:22|23|54|P0|XX)/;

/**
 * Commits items in groups: items that arrive while a commit is under way share the next one. An item that arrives
 * alone is committed at once. Each item gets its own result, after the commit.
 */
export class GroupCommit<Item, Result> {
  private readonly waiting: Entry<Item, Result>[] = [];
  private waitingBytes = 0;
  private running = 0;

  /** @param commit commits all items or none; its results are in the order of the items */
  constructor(
    private readonly commit: (items: Item[]) => Promise<Result[]>,
    private readonly limits: GroupLimits,
  ) {}

  /**
   * @returns the result of the item, which is committed then
   * @throws DeliveryNotStoredError when too much waits, the deadline has passed, or the database is not available
   */
  add(item: Item, bytes: number): Promise<Result> {
    const { waiting, deadlineMs } = this.limits;
    const isFull = this.waiting.length >= waiting.items || this.waitingBytes + bytes > waiting.bytes;
    // An item that is larger than the bound must pass when nothing else waits.
    if (isFull && this.waiting.length > 0) return Promise.reject(new DeliveryNotStoredError());
    return new Promise<Result>((resolve, reject) => {
      const deadline = setTimeout(() => this.expire(entry), deadlineMs);
      const settle = (settlePromise: () => void): void => {
        clearTimeout(deadline);
        entry.isAnswered = true;
        settlePromise();
      };
      const entry: Entry<Item, Result> = {
        item,
        bytes,
        succeed: (result) => settle(() => resolve(result)),
        fail: (error) => settle(() => reject(error)),
        isAnswered: false,
      };
      this.waiting.push(entry);
      this.waitingBytes += bytes;
      this.start();
    });
  }

  private start(): void {
    while (this.running < this.limits.parallel && this.waiting.length > 0) {
      this.running += 1;
      this.run(this.nextGroup()).catch(() => undefined);
    }
  }

  private async run(group: Entry<Item, Result>[]): Promise<void> {
    await this.commitGroup(group);
    this.running -= 1;
    this.start();
  }

  private nextGroup(): Entry<Item, Result>[] {
    const { items, bytes } = this.limits.group;
    let [count, size] = [0, 0];
    for (const entry of this.waiting) {
      if (count === items || (count > 0 && size + entry.bytes > bytes)) break;
      count += 1;
      size += entry.bytes;
    }
    this.waitingBytes -= size;
    return this.waiting.splice(0, count);
  }

  /** An error of one row fails the whole group. So the group is split until that row is alone. Never rejects. */
  private async commitGroup(entries: Entry<Item, Result>[]): Promise<void> {
    const group = entries.filter(({ isAnswered }) => !isAnswered);
    if (group.length === 0) return;
    try {
      const results = await this.commit(group.map(({ item }) => item));
      group.forEach((entry, index) => entry.succeed(results[index] as Result));
    } catch (error) {
      if (group.length > 1 && ERROR_OF_A_ROW.test(sqlStateOf(error))) {
        const middle = group.length >> 1;
        await this.commitGroup(group.slice(0, middle));
        return this.commitGroup(group.slice(middle));
      }
      const failure = isDatabaseUnavailable(error) ? new DeliveryNotStoredError(error) : (error as Error);
      for (const entry of group) entry.fail(failure);
    }
  }

  /** The commit may be under way and still succeed. Then the sender's repetition is a duplicate. */
  private expire(entry: Entry<Item, Result>): void {
    const index = this.waiting.indexOf(entry);
    if (index >= 0) {
      this.waiting.splice(index, 1);
      this.waitingBytes -= entry.bytes;
    }
    entry.fail(new DeliveryNotStoredError());
  }
}
