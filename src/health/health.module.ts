import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ObservabilityModule } from '../observability';
import { Drain } from './drain';
import { HealthController } from './health.controller';
import { MetricsController } from './metrics.controller';
import { MigrationsIndicator } from './migrations.indicator';

@Module({
  // The error log of Terminus would repeat the readiness response.
  imports: [TerminusModule.forRoot({ logger: false }), ObservabilityModule],
  controllers: [HealthController, MetricsController],
  providers: [Drain, MigrationsIndicator],
})
export class HealthModule {}
