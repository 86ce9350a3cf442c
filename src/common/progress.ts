import { AsyncLocalStorage } from 'node:async_hooks';

const listeners = new AsyncLocalStorage<() => void>();

/** Runs `work`, and calls `onProgress` at each {@link reportProgress} inside it. */
export function runWithProgress<T>(onProgress: () => void, work: () => Promise<T>): Promise<T> {
  return listeners.run(onProgress, work);
}

/** Reports that the job around the caller goes on. It has no effect outside a job. */
export function reportProgress(): void {
  listeners.getStore()?.();
}
