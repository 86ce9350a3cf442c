export { JsonLogger } from './json.logger';
export { Metrics } from './metrics';
export { ObservabilityModule } from './observability.module';
