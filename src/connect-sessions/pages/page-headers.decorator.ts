import { applyDecorators, Header } from '@nestjs/common';
import { PAGE_HEADERS } from './page';

/** Sends a handler's text as one of our pages. */
export function PageHeaders(): MethodDecorator {
  return applyDecorators(...Object.entries(PAGE_HEADERS).map(([name, value]) => Header(name, value)));
}

/** For redirects: not cached, and the address that held a secret is not told on. */
export function RedirectHeaders(): MethodDecorator {
  return applyDecorators(Header('cache-control', 'no-store'), Header('referrer-policy', 'no-referrer'));
}
