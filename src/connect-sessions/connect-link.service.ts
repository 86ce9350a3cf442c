import { Injectable } from '@nestjs/common';
import { Clock } from '../common';
import { Metrics } from '../observability';
import { asOf, OPEN_STATUSES } from './connect-session-status';
import { ConnectSessionRepository } from './connect-session.repository';
import {
  ConnectLinkExpiredError,
  ConnectLinkSpentError,
  ConnectLinkUnknownError,
} from './connect-sessions.errors';

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

  private async find(connectToken: string): Promise<{ id: string; widgetUrl: string }> {
    const found = await this.repository.findByConnectToken(connectToken);
    if (!found?.widgetUrl) throw new ConnectLinkUnknownError();
    const { id, status } = asOf(found, this.clock.now());
    if (status === 'expired') throw new ConnectLinkExpiredError();
    if (!OPEN_STATUSES.includes(status)) throw new ConnectLinkSpentError();
    return { id, widgetUrl: found.widgetUrl };
  }
}
