export { JsonLogger } from './json.logger';
export { Metrics, ObservabilityModule } from './metrics';
