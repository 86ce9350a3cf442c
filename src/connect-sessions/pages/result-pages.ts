import { HttpStatus, Injectable } from '@nestjs/common';
import { isWebUrl } from '../../config';
import type { Answer } from '../../http';
import { ProvidersService } from '../../providers';
import { BrowserUrls } from '../browser-urls';
import { RETURN_STATUS, type ReturnStatus } from '../connect-session-status';
import type { ConnectSession } from '../connect-session.entity';
import { SessionReaderService, type ConnectSessionWithOutcome } from '../session-reader.service';
import { pageAnswer, REDIRECT_HEADERS, type Page } from './page';
import { pageLanguage } from './page-language';
import { PAGE_TEXTS } from './page-texts';

const TONES: Record<ReturnStatus, Page['tone']> = {
  connected: 'good',
  pending: 'neutral',
  failed: 'bad',
  cancelled: 'neutral',
};
const RELOAD_SECONDS = 5;

/** The pages that show the result of a session. */
@Injectable()
export class ResultPages {
  constructor(
    private readonly reader: SessionReaderService,
    private readonly providers: ProvidersService,
    private readonly urls: BrowserUrls,
  ) {}

  /**
   * Sends the browser to the caller's return URL after a callback. Many browsers follow a redirect to an app only after a
   * click. So for an app, the answer is a page that tries it, and has a button.
   */
  async sendBack(session: ConnectSession, acceptLanguage: string | undefined): Promise<Answer> {
    const location = this.urls.returnUrlOf(session) ?? this.urls.resultUrlOf(session);
    if (!isWebUrl(new URL(location))) return this.show(session.id, acceptLanguage);
    return { status: HttpStatus.SEE_OTHER, headers: { ...REDIRECT_HEADERS, location } };
  }

  /**
   * Shows the result of a session, with the way back to the caller's app.
   *
   * @throws ConnectSessionNotFoundError
   */
  async show(sessionId: string, acceptLanguage: string | undefined): Promise<Answer> {
    const read = await this.reader.get(sessionId);
    const language = pageLanguage(read.session.language, acceptLanguage);
    const status = RETURN_STATUS[read.session.status];
    const page: Page = {
      ...PAGE_TEXTS[language][status](await this.providerOf(read)),
      tone: TONES[status],
    };
    const href = this.urls.returnUrlOf(read.session);
    if (href !== null) page.link = { href, label: PAGE_TEXTS[language].backToApp };
    if (href !== null && !isWebUrl(new URL(href))) page.refresh = { seconds: 0, url: href };
    else if (status === 'pending') page.refresh = { seconds: RELOAD_SECONDS };
    return pageAnswer(HttpStatus.OK, language, page);
  }

  /**
   * Sends the browser to a session that was renewed. A redirect would not arrive: some browsers apply the page's rule for
   * forms (`form-action`) to every URL of a chain of redirects, and the chain leads to Terra.
   */
  sendOn(session: ConnectSession, connectUrl: string, acceptLanguage: string | undefined): Answer {
    const language = pageLanguage(session.language, acceptLanguage);
    const texts = PAGE_TEXTS[language];
    return pageAnswer(HttpStatus.OK, language, {
      ...texts.renewedLink,
      tone: 'good',
      link: { href: connectUrl, label: texts.continue },
      refresh: { seconds: 0, url: connectUrl },
    });
  }

  private async providerOf({ session, connections }: ConnectSessionWithOutcome): Promise<string | null> {
    const connected = new Set(connections.map(({ provider }) => provider));
    const [provider, ...others] = connected.size > 0 ? connected : session.providers;
    return provider === undefined || others.length > 0 ? null : this.providers.nameOf(provider);
  }
}
