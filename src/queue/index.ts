export { retryDelayMs, type RetryPolicy } from './retry-policy';
export { QueueModule, WorkerHost } from './worker-host';
