import { randomUUID } from 'node:crypto';

/** What one widget link may do. */
export interface WidgetSession {
  /** Answered to the API caller and carried by events; not the id in the URL (Terra's own example differs too). */
  sessionId: string;
  linkId: string;
  referenceId: string | null;
  /** Upper-case codes on offer, in the order of the request. */
  providers: string[];
  successUrl: string | null;
  failureUrl: string | null;
  showDisconnect: boolean;
  multiAuth: boolean;
  bypassFeedback: boolean;
  connectedUserIds: string[];
  expiresAt: number;
  /** Set when authenticateUser made the link: the id it has already given out. */
  preallocatedUserId?: string;
  /** The last user linked through this session, for the Done button. */
  lastLinked?: { userId: string; provider: string };
}

const KEPT = 5_000;

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
    if (this.byLink.size > KEPT && oldest) this.byLink.delete(oldest);
    return session;
  }

  find(linkId: string): WidgetSession | null {
    return this.byLink.get(linkId) ?? null;
  }

  hasExpired(session: WidgetSession): boolean {
    return session.expiresAt <= this.now();
  }

  /** Sessions by either id, newest last. */
  all(): WidgetSession[] {
    return [...this.byLink.values()];
  }

  clear(): void {
    this.byLink.clear();
  }
}
