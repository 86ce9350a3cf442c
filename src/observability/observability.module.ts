import { Module } from '@nestjs/common';
import { Metrics } from './metrics';

/** The metrics registry. The route that serves it belongs to the service; see `health/metrics.controller.ts`. */
@Module({ providers: [Metrics], exports: [Metrics] })
export class ObservabilityModule {}
