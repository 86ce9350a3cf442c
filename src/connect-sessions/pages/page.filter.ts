import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { respond, toProblem } from '../../http';
import { PAGE_HEADERS, renderPage, type Page } from './page';

const UNKNOWN_LINK: Page = {
  tone: 'bad',
  title: 'This link does not work',
  paragraphs: ['The link may be incomplete. Please go back to the app and choose "Connect" again.'],
};
// The page for each problem code. Any other problem shows SERVICE_FAILED.
const ERROR_PAGES: Record<string, Page> = {
  'connect_link.unknown': UNKNOWN_LINK,
  'session.not_found': UNKNOWN_LINK,
  'connect_link.spent': {
    tone: 'neutral',
    title: 'This link has been used',
    paragraphs: [
      'Each link works once. To connect another device, please go back to the app and start again.',
    ],
  },
  'rate_limit.exceeded': {
    tone: 'neutral',
    title: 'Please wait a moment',
    paragraphs: ['Too many requests came from your network. Please wait a minute and load this page again.'],
  },
  'connect_link.expired': {
    tone: 'neutral',
    title: 'This link has expired',
    paragraphs: [
      'For your safety, links work for a limited time. Please go back to the app and start again.',
    ],
  },
};
const SERVICE_FAILED: Page = {
  tone: 'bad',
  title: 'Something went wrong',
  paragraphs: ['You did nothing wrong. Please wait a moment and load this page again.'],
};

/** Answers errors on routes for the end user's browser with a page that says what to do. */
@Catch()
export class PageFilter implements ExceptionFilter {
  private readonly logger = new Logger(PageFilter.name);

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<object>();
    const { status, headers, body, unexpected } = toProblem(error);
    if (unexpected) this.logger.error({ event: 'page.failed', code: body.code, err: error });
    respond(this.adapterHost.httpAdapter, response, {
      status,
      headers: { ...headers, ...PAGE_HEADERS },
      body: renderPage(ERROR_PAGES[body.code] ?? SERVICE_FAILED),
    });
  }
}
