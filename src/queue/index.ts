export { PollingWorker } from './polling.worker';
export { retryDelayMs } from './retry-policy';
