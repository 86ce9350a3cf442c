import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys';
import { ConnectSessionsModule } from '../connect-sessions';
import { ConnectionsModule } from '../connections';
import { EventsModule } from '../events';
import { ObservabilityModule } from '../observability';
import { QueueModule } from '../queue';
import { ReconciliationModule } from '../reconciliation';
import { TerraModule } from '../terra';
import { WebhooksModule } from '../webhooks';
import { ErasureCompletionService } from './erasure-completion.service';
import { ErasurePersonalData } from './erasure-personal-data.service';
import { ErasureRepository } from './erasure.repository';
import { ErasureWorker } from './erasure.worker';
import { ErasuresService } from './erasures.service';
import { ExportService } from './export.service';
import { PersonalDataRegistry } from './personal-data.registry';
import { EndUsersController, ErasuresController } from './privacy.controller';
import { RetentionWorker } from './retention.worker';

@Module({
  imports: [
    ApiKeysModule,
    ConnectionsModule,
    ConnectSessionsModule,
    EventsModule,
    ObservabilityModule,
    QueueModule,
    ReconciliationModule,
    TerraModule,
    WebhooksModule,
  ],
  controllers: [EndUsersController, ErasuresController],
  providers: [
    PersonalDataRegistry,
    ErasuresService,
    ErasureCompletionService,
    ErasureWorker,
    ErasureRepository,
    ErasurePersonalData,
    ExportService,
    RetentionWorker,
  ],
  exports: [PersonalDataRegistry, ErasuresService, ErasureWorker, ExportService, RetentionWorker],
})
export class PrivacyModule {}
