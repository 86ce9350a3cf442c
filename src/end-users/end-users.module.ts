import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiKeysModule } from '../api-keys';
import { ConnectSessionsModule } from '../connect-sessions';
import { ConnectionsModule } from '../connections';
import { ObservabilityModule } from '../observability';
import { ReconciliationModule } from '../reconciliation';
import { TerraModule } from '../terra';
import { WebhooksModule } from '../webhooks';
import { DiagnosisController } from './diagnosis.controller';
import { DiagnosisService } from './diagnosis.service';
import { EndUsersController, ErasuresController } from './end-users.controller';
import { Erasure } from './erasure.entity';
import { ErasureRepository } from './erasure.repository';
import { ErasureWorker } from './erasure.worker';
import { ErasuresService } from './erasures.service';
import { ExportService } from './export.service';

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
  controllers: [DiagnosisController, EndUsersController, ErasuresController],
  providers: [DiagnosisService, ErasuresService, ErasureWorker, ExportService, ErasureRepository],
  exports: [DiagnosisService, ErasuresService, ErasureWorker, ExportService],
})
export class EndUsersModule {}
