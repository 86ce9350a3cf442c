import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { respond, toProblem } from '../../http';
import { BrowserUrls } from '../browser-urls';
import { ConnectLinkExpiredError, ConnectLinkSpentError } from '../connect-sessions.errors';
import { pageAnswer, type Page } from './page';
import { pageLanguage } from './page-language';
import type { PageTexts } from './page-text';
import { PAGE_TEXTS } from './page-texts';

/** The page for each problem code. Any other problem shows `serviceFailed`. */
const ERROR_PAGES: Record<
  string,
  { text: 'unknownLink' | 'spentLink' | 'expiredLink' | 'tooManyRequests'; tone: Page['tone'] }
> = {
  'connect_link.unknown': { text: 'unknownLink', tone: 'bad' },
  'session.not_found': { text: 'unknownLink', tone: 'bad' },
  'connect_link.spent': { text: 'spentLink', tone: 'neutral' },
  'connect_link.expired': { text: 'expiredLink', tone: 'neutral' },
  'rate_limit.exceeded': { text: 'tooManyRequests', tone: 'neutral' },
};

/** Answers errors on routes for the end user's browser with a page that says what to do. */
@Catch()
export class PageFilter implements ExceptionFilter {
  private readonly logger = new Logger(PageFilter.name);

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly urls: BrowserUrls,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const { headers: asked } = http.getRequest<{ headers: { 'accept-language'?: string } }>();
    const { status, headers, body, unexpected } = toProblem(error);
    if (unexpected) this.logger.error({ event: 'page.failed', code: body.code, err: error });
    const session = isAboutSession(error) ? error.session : null;
    const language = pageLanguage(session?.language ?? null, asked['accept-language']);
    const answer = pageAnswer(status, language, this.pageFor(error, body.code, PAGE_TEXTS[language]));
    respond(this.adapterHost.httpAdapter, http.getResponse<object>(), {
      ...answer,
      headers: { ...headers, ...answer.headers },
    });
  }

  private pageFor(error: unknown, code: string, texts: PageTexts): Page {
    if (error instanceof ConnectLinkExpiredError && error.link.isRenewable)
      return { ...texts.renewableLink, tone: 'neutral', button: texts.getNewLink };
    const { text, tone } = ERROR_PAGES[code] ?? { text: 'serviceFailed', tone: 'bad' };
    const href = isAboutSession(error) ? this.urls.returnUrlOf(error.session) : null;
    return { ...texts[text], tone, ...(href === null ? {} : { link: { href, label: texts.backToApp } }) };
  }
}

function isAboutSession(error: unknown): error is ConnectLinkExpiredError | ConnectLinkSpentError {
  return error instanceof ConnectLinkExpiredError || error instanceof ConnectLinkSpentError;
}
