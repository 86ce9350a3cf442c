import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys';
import { ConnectionsModule } from '../connections';
import { ObservabilityModule } from '../observability';
import { ProvidersModule } from '../providers';
import { QueueModule } from '../queue';
import { TerraModule } from '../terra';
import { CatalogueCheckService } from './catalogue-check.service';
import { CatalogueRepository } from './catalogue.repository';
import { ProviderMigrationController } from './provider-migration.controller';
import { ProviderMigrationService } from './provider-migration.service';
import { ProviderRetirementWorker } from './provider-retirement.worker';
import { RetirementPassService } from './retirement-pass.service';

@Module({
  imports: [ApiKeysModule, ConnectionsModule, ObservabilityModule, ProvidersModule, QueueModule, TerraModule],
  controllers: [ProviderMigrationController],
  providers: [
    CatalogueCheckService,
    CatalogueRepository,
    ProviderMigrationService,
    ProviderRetirementWorker,
    RetirementPassService,
  ],
  exports: [ProviderRetirementWorker],
})
export class ProviderRetirementModule {}
