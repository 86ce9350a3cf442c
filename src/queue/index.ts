export { retryDelayMs } from './retry-policy';
export { QueueModule, WorkerHost } from './worker-host';
