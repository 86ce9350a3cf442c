export { Erasure } from './erasure.entity';
export { ErasureWorker } from './erasure.worker';
export { PersonalDataRegistry } from './personal-data.registry';
export { PrivacyModule } from './privacy.module';
export { RetentionWorker } from './retention.worker';
