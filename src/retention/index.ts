export { RetentionModule } from './retention.module';
export { RetentionWorker } from './retention.worker';
