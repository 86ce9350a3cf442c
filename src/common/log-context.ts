import { AsyncLocalStorage } from 'node:async_hooks';

/** Names the request or the background job that a log line belongs to. */
export interface LogContext {
  requestId?: string;
  worker?: string;
  jobId?: string;
}

const storage = new AsyncLocalStorage<LogContext>();

/** Adds the context to every log line of `work`. Do not use this store to pass arguments to functions. */
export function runWithLogContext<Result>(context: LogContext, work: () => Result): Result {
  return storage.run(context, work);
}

export function currentLogContext(): LogContext {
  return storage.getStore() ?? {};
}
