import type { LinkedUser } from '../account/linked-user';
import type { Behaviour } from '../behaviour';
import type { DataType } from './data-events';
import type { DataSender } from './data-sender';

export interface DataFeedDependencies {
  behaviour: Behaviour;
  data: Pick<DataSender, 'send'>;
  /** Whether Terra still has the user. */
  isLinked: (user: LinkedUser) => boolean;
  now: () => number;
}

interface Followed {
  user: LinkedUser;
  /** Whether the first data of the connection are still to come. */
  isNew: boolean;
  /** Time of the connection, or of the last data. */
  since: number;
}

const FIRST_DATA = ['athlete', 'daily', 'sleep', 'activity'] as const satisfies DataType[];
const CHECK_MS = 250;
const MAX_FOLLOWED = 100;

/**
 * Sends data by itself, as Terra does: the newest data after a connection, then an updated `daily` in an interval, until the
 * user is gone. Follows the newest 100 users.
 */
export class DataFeed {
  private readonly followed = new Map<string, Followed>();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly deps: DataFeedDependencies) {}

  /** Does nothing while the switch `dataAfterConnect` is off. */
  follow(user: LinkedUser): void {
    const { behaviour, now } = this.deps;
    if (!behaviour.dataAfterConnect) return;
    this.followed.set(user.userId, { user, isNew: true, since: now() });
    const [oldest] = this.followed.keys();
    if (this.followed.size > MAX_FOLLOWED && oldest) this.followed.delete(oldest);
    // The sandbox must not keep a process alive that has nothing else to do.
    this.timer ??= setInterval(() => this.runOnce(), CHECK_MS).unref();
  }

  /** Sends what is due. */
  runOnce(): void {
    const { isLinked, now, data } = this.deps;
    for (const [userId, followed] of this.followed) {
      const { user, isNew } = followed;
      if (!isLinked(user)) this.followed.delete(userId);
      else if (this.isDue(followed)) {
        for (const type of typesFor(user, isNew)) data.send(user, type);
        this.followed.set(userId, { user, isNew: false, since: now() });
      }
    }
    if (this.followed.size === 0) this.stop();
  }

  /** Forgets all users. */
  stop(): void {
    this.followed.clear();
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  private isDue({ isNew, since }: Followed): boolean {
    const { behaviour, now } = this.deps;
    const { dataAfterConnect, dataDelayMs, dataIntervalMs } = behaviour;
    if (!dataAfterConnect || (!isNew && dataIntervalMs === 0)) return false;
    return since + (isNew ? dataDelayMs : dataIntervalMs) <= now();
  }
}

/** Terra sends only what the end user has allowed, and what the provider has. */
function typesFor({ scopes }: LinkedUser, isNew: boolean): DataType[] {
  const types: readonly DataType[] = isNew ? FIRST_DATA : ['daily'];
  return types.filter((type) => type === 'athlete' || scopes.includes(type));
}
