import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { ObservabilityModule } from '../observability';
import { QueueModule } from '../queue';
import { DatabaseIndicator } from './database.indicator';
import { Drain } from './drain';
import { HealthController } from './health.controller';
import { MetricsController } from './metrics.controller';
import { MigrationsIndicator } from './migrations.indicator';
import { WorkersIndicator } from './workers.indicator';

@Module({
  // The error log of Terminus would repeat the readiness response.
  imports: [TerminusModule.forRoot({ logger: false }), ObservabilityModule, QueueModule],
  controllers: [HealthController, MetricsController],
  providers: [DatabaseIndicator, Drain, MigrationsIndicator, WorkersIndicator],
})
export class HealthModule {}
