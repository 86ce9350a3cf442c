export { QueueModule } from './queue.module';
export { retryDelayMs } from './retry-policy';
export { WorkerHost } from './worker-host';
