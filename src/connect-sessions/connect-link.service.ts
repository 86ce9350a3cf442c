import { Injectable } from '@nestjs/common';
import { Clock } from '../common';
import { Metrics } from '../observability';
import { asOf, OPEN_STATUSES } from './connect-session-status';
import type { ConnectSession } from './connect-session.entity';
import { ConnectSessionRepository } from './connect-session.repository';
import {
  ConnectLinkExpiredError,
  ConnectLinkSpentError,
  ConnectLinkUnknownError,
} from './connect-sessions.errors';
import { isRenewable, MAX_RENEWALS } from './session-renewals';

/** A session that has been created at Terra. */
type StartedSession = ConnectSession & { widgetUrl: string };

/** Sends the browser to the widget. */
@Injectable()
export class ConnectLinkService {
  constructor(
    private readonly repository: ConnectSessionRepository,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /**
   * Opens the session of a connect URL. A browser may open the URL several times (chat programs prefetch links, end
   * users reload), so the widget URL stays the same until the session ends.
   *
   * @returns the widget URL to send the browser to
   * @throws ConnectLinkUnknownError, ConnectLinkSpentError, ConnectLinkExpiredError
   */
  async open(connectToken: string): Promise<string> {
    const { id, widgetUrl } = await this.find(connectToken);
    if (await this.repository.markOpened(id, this.clock.now()))
      this.metrics.sessions.inc({ status: 'opened' });
    return widgetUrl;
  }

  /**
   * Returns what `open` returns, and does not open the session.
   *
   * @throws ConnectLinkUnknownError, ConnectLinkSpentError, ConnectLinkExpiredError
   */
  async preview(connectToken: string): Promise<string> {
    return (await this.find(connectToken)).widgetUrl;
  }

  /**
   * The session of a connect URL, or the one that replaced it last, as it is now.
   *
   * @throws ConnectLinkUnknownError
   */
  async newest(connectToken: string): Promise<StartedSession> {
    let session = await this.repository.findByConnectToken(connectToken);
    for (let step = 0; step < MAX_RENEWALS && session?.renewedBy; step += 1)
      session = await this.repository.findById(session.renewedBy);
    if (!isStarted(session)) throw new ConnectLinkUnknownError();
    return asOf(session, this.clock.now());
  }

  /**
   * Whether the widget of a session can be opened. If not, the end user can get a fresh session in its place.
   *
   * @throws ConnectLinkSpentError, ConnectLinkExpiredError when the session cannot be renewed either
   */
  isOpen(session: ConnectSession): boolean {
    if (OPEN_STATUSES.includes(session.status)) return true;
    if (session.status !== 'expired') throw new ConnectLinkSpentError(session);
    if (isRenewable(session, this.clock.now())) return false;
    throw new ConnectLinkExpiredError(session, { isRenewable: false });
  }

  private async find(connectToken: string): Promise<StartedSession> {
    const session = await this.newest(connectToken);
    if (this.isOpen(session)) return session;
    throw new ConnectLinkExpiredError(session, { isRenewable: true });
  }
}

function isStarted(session: ConnectSession | null): session is StartedSession {
  return session !== null && session.widgetUrl !== null;
}
