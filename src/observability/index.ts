export { JsonLogger } from './json.logger';
export { Metrics } from './metrics';
export { MetricsController } from './metrics.controller';
export { ObservabilityModule } from './observability.module';
export { runWithRequestId } from './request-context';
