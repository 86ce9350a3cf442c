import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ObservabilityModule } from '../observability';
import { HealthController } from './health.controller';
import { MetricsController } from './metrics.controller';
import { MigrationsIndicator } from './migrations.indicator';

@Module({
  // Its own error log would print what the readiness answer says already.
  imports: [TerminusModule.forRoot({ logger: false }), ObservabilityModule],
  controllers: [HealthController, MetricsController],
  providers: [MigrationsIndicator],
})
export class HealthModule {}
