import { Injectable, Logger } from '@nestjs/common';
import { Clock, RecentMap } from '../common';
import { ConnectionsService } from '../connections';
import { TerraClient, type TerraUser } from '../terra';
import { CLOCK_DIFFERENCE_MS } from './connect-session-status';
import type { ConnectSession } from './connect-session.entity';

// The end user waits at a blank page, and Terra usually knows no more than the callback: a phone must finish first.
const ASK_DEADLINE_MS = 2_000;
// A browser that reloads the page over and over causes at most this many requests to Terra.
const ASK_AGAIN_MS = 2_000;
const REMEMBERED_SESSIONS = 10_000;

/**
 * Finds the Terra user of a callback that names none: Terra's redirect has no user for phone-only providers, and may lose
 * it. The answer is only a candidate, like a `user_id` in the callback.
 */
@Injectable()
export class CallbackUserFinder {
  private readonly logger = new Logger(CallbackUserFinder.name);
  private readonly askedAt = new RecentMap<number>(REMEMBERED_SESSIONS);

  constructor(
    private readonly terra: TerraClient,
    private readonly connections: ConnectionsService,
    private readonly clock: Clock,
  ) {}

  /** @returns the one new Terra user of the session's end user; null if there is none, or several, or Terra does not answer */
  async find(session: ConnectSession): Promise<string | null> {
    const now = this.clock.now().getTime();
    if (now < (this.askedAt.get(session.id) ?? 0) + ASK_AGAIN_MS) return null;
    this.askedAt.set(session.id, now);
    const candidates = newUsersOf(session, await this.list(session.referenceId));
    const known = new Set(await this.connections.ownedAmong(candidates));
    const [only, another] = candidates.filter((id) => !known.has(id));
    return another === undefined ? (only ?? null) : null;
  }

  private async list(referenceId: string): Promise<TerraUser[]> {
    if (!this.terra.isAvailable()) return [];
    try {
      return (await this.terra.listUsersOf(referenceId, ASK_DEADLINE_MS)) ?? [];
    } catch (error) {
      this.logger.warn({ event: 'callback.terra_unavailable', error: (error as Error).name });
      return [];
    }
  }
}

/** The Terra users that the session may have led to: created since the session, of a provider that it offers. */
function newUsersOf({ createdAt, providers, referenceId }: ConnectSession, users: TerraUser[]): string[] {
  const since = createdAt.getTime() - CLOCK_DIFFERENCE_MS;
  return users
    .filter((user) => user.referenceId === referenceId && user.active !== false)
    .filter((user) => user.createdAt !== null && user.createdAt.getTime() >= since)
    .filter(({ provider }) => providers.length === 0 || providers.includes(provider))
    .map(({ terraUserId }) => terraUserId);
}
