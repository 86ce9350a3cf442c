import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { toProblem } from '../../http';
import { PAGE_HEADERS, renderPage, type Page } from './page';

const UNKNOWN_LINK: Page = {
  tone: 'bad',
  title: 'This link does not work',
  paragraphs: ['It may be incomplete. Please go back to the app and choose "Connect" again.'],
};
// By the code of the problem; anything else is our fault.
const ERROR_PAGES: Record<string, Page> = {
  'connect_link.unknown': UNKNOWN_LINK,
  'session.not_found': UNKNOWN_LINK,
  'connect_link.spent': {
    tone: 'neutral',
    title: 'This link has been used',
    paragraphs: [
      'Each link connects once. To connect another device, please go back to the app and start again.',
    ],
  },
  'connect_link.expired': {
    tone: 'neutral',
    title: 'This link has expired',
    paragraphs: ['For your safety links only work for a while. Please go back to the app and start again.'],
  },
};
const OUR_FAULT: Page = {
  tone: 'bad',
  title: 'Something went wrong',
  paragraphs: ['This is our fault, not yours. Please wait a moment and load this page again.'],
};

/** Errors on routes that a person's browser visits: a page that says what to do. */
@Catch()
export class PageFilter implements ExceptionFilter {
  private readonly logger = new Logger(PageFilter.name);

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const response: unknown = host.switchToHttp().getResponse();
    const { status, headers, body, unexpected } = toProblem(error);
    if (unexpected) this.logger.error({ event: 'page.failed', code: body.code, err: error });
    const { httpAdapter } = this.adapterHost;
    for (const [name, value] of Object.entries({ ...headers, ...PAGE_HEADERS })) {
      httpAdapter.setHeader(response, name, value);
    }
    httpAdapter.reply(response, renderPage(ERROR_PAGES[body.code] ?? OUR_FAULT), status);
  }
}
