import { AsyncLocalStorage } from 'node:async_hooks';

/** Names the request or the background job that a log line belongs to. */
export interface LogContext {
  requestId?: string;
  worker?: string;
  jobId?: string;
}

const storage = new AsyncLocalStorage<LogContext>();

/** Runs work whose log lines carry the context. Nothing else may be kept here: a call's inputs are its parameters. */
export function runWithLogContext<Result>(context: LogContext, work: () => Result): Result {
  return storage.run(context, work);
}

export function currentLogContext(): LogContext {
  return storage.getStore() ?? {};
}
