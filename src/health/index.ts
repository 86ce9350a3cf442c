export { Drain } from './drain';
export { HealthModule } from './health.module';
