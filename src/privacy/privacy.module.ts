import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiKeysModule } from '../api-keys';
import { ConnectSessionsModule } from '../connect-sessions';
import { ConnectionsModule } from '../connections';
import { ObservabilityModule } from '../observability';
import { ReconciliationModule } from '../reconciliation';
import { TerraModule } from '../terra';
import { WebhooksModule } from '../webhooks';
import { EndUsersController, ErasuresController } from './privacy.controller';
import { Erasure } from './erasure.entity';
import { ErasureRepository } from './erasure.repository';
import { ErasureWorker } from './erasure.worker';
import { ErasuresService } from './erasures.service';
import { ExportService } from './export.service';
import { RetentionWorker } from './retention.worker';

@Module({
  imports: [
    TypeOrmModule.forFeature([Erasure]),
    ApiKeysModule,
    ConnectionsModule,
    ConnectSessionsModule,
    ObservabilityModule,
    ReconciliationModule,
    TerraModule,
    WebhooksModule,
  ],
  controllers: [EndUsersController, ErasuresController],
  providers: [ErasuresService, ErasureWorker, ExportService, ErasureRepository, RetentionWorker],
  exports: [ErasuresService, ErasureWorker, ExportService, RetentionWorker],
})
export class PrivacyModule {}
