import type { HttpAdapterHost } from '@nestjs/core';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body?: string;
}

const answered = new WeakSet<object>();

/**
 * Sends a response through the adapter of the HTTP platform, past Nest's own handling of results. Routes whose format a
 * browser or Terra decides answer this way: an interceptor of the host would wrap a page as JSON, and drop a redirect.
 * Only the first answer to a request is sent: an interceptor can still fail after it, and then a filter answers, too.
 */
export function respond(
  httpAdapter: HttpAdapterHost['httpAdapter'],
  response: object,
  { status, headers, body }: Answer,
): void {
  if (answered.has(response)) return;
  answered.add(response);
  for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value);
  httpAdapter.reply(response, body, status);
}
