import type { AxiosAdapter } from 'axios';
import type { Dispatcher } from 'undici';
import { AnswerReader } from './answer-reader';

/**
 * Creates an axios adapter that sends through undici, which has a deadline for connecting and costs less than half as
 * much per call as Node's own client. It returns answers of every status as text, follows no redirect, and reads up to
 * axios' `maxContentLength` bytes.
 *
 * Errors are a {@link RequestNotSentError}, or have the code of undici, or `ANSWER_TOO_LARGE`.
 */
export function undiciAdapter(sockets: Dispatcher): AxiosAdapter {
  return async (config) => {
    const { origin, pathname, search } = new URL(config.url ?? '');
    const reader = new AnswerReader(config.maxContentLength ?? 0, config.signal as AbortSignal | undefined);
    sockets.dispatch(
      {
        origin,
        path: `${pathname}${search}`,
        method: (config.method ?? 'get').toUpperCase(),
        headers: config.headers.toJSON() as Record<string, string>,
        body: (config.data as string | undefined) ?? null,
      },
      reader,
    );
    const { status, headers, text } = await reader.answer;
    return { data: text, status, statusText: '', headers: headers as Record<string, string>, config };
  };
}
