import { randomUUID } from 'node:crypto';

/** One widget session: the options of the request that created it, and its state. */
export interface WidgetSession {
  /** The id in API answers and events. It differs from the id in the URL, as in Terra's own example. */
  sessionId: string;
  /** The id in the URL. */
  linkId: string;
  referenceId: string | null;
  /** Upper-case codes of the offered providers, in the order of the request. */
  providers: string[];
  successUrl: string | null;
  failureUrl: string | null;
  showDisconnect: boolean;
  multiAuth: boolean;
  bypassFeedback: boolean;
  connectedUserIds: string[];
  expiresAt: number;
  /** The user id that authenticateUser returned together with this link. */
  preallocatedUserId?: string;
  /** The last user linked in this session. The Done button redirects with its id. */
  lastLinked?: { userId: string; provider: string };
}

const MAX_SESSIONS = 5_000;

/** The newest widget sessions of one environment, by the id in their URL. */
export class WidgetSessions {
  private readonly byLink = new Map<string, WidgetSession>();

  constructor(private readonly now: () => number) {}

  create(
    request: Omit<WidgetSession, 'sessionId' | 'linkId' | 'expiresAt'>,
    secondsToLive: number,
  ): WidgetSession {
    const session: WidgetSession = {
      ...request,
      sessionId: randomUUID(),
      linkId: randomUUID(),
      expiresAt: this.now() + secondsToLive * 1_000,
    };
    this.byLink.set(session.linkId, session);
    const [oldest] = this.byLink.keys();
    if (this.byLink.size > MAX_SESSIONS && oldest) this.byLink.delete(oldest);
    return session;
  }

  find(linkId: string): WidgetSession | null {
    return this.byLink.get(linkId) ?? null;
  }

  hasExpired(session: WidgetSession): boolean {
    return session.expiresAt <= this.now();
  }

  /** All sessions, oldest first. */
  all(): WidgetSession[] {
    return [...this.byLink.values()];
  }

  clear(): void {
    this.byLink.clear();
  }
}
