import { Module } from '@nestjs/common';
import { Metrics } from './metrics';

/** The metrics registry; the route that shows it is the service's own, see {@link MetricsController}. */
@Module({ providers: [Metrics], exports: [Metrics] })
export class ObservabilityModule {}
