import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller';
import { MigrationsIndicator } from './migrations.indicator';

@Module({
  // Its own error log would print what the readiness answer says already.
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [MigrationsIndicator],
})
export class HealthModule {}
