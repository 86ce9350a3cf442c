export { PollingWorker, type PollingWorkerOptions } from './polling.worker';
export { retryDelayMs, type RetryPolicy } from './retry-policy';
