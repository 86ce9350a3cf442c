import { Module } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys';
import { ConnectSessionsModule } from '../connect-sessions';
import { ConnectionsModule } from '../connections';
import { EventsModule } from '../events';
import { PublicUrls } from '../http';
import { ProvidersModule } from '../providers';
import { ReconciliationModule } from '../reconciliation';
import { TerraModule } from '../terra';
import { WebhooksModule } from '../webhooks';
import { DiagnosisRecordsService } from './diagnosis-records.service';
import { DiagnosisController } from './diagnosis.controller';
import { DiagnosisService } from './diagnosis.service';
import { TerraViewService } from './terra-view.service';
import { TrafficRecordsService } from './traffic-records.service';

@Module({
  imports: [
    ApiKeysModule,
    ConnectionsModule,
    ConnectSessionsModule,
    EventsModule,
    ProvidersModule,
    ReconciliationModule,
    TerraModule,
    WebhooksModule,
  ],
  controllers: [DiagnosisController],
  providers: [DiagnosisService, DiagnosisRecordsService, TrafficRecordsService, TerraViewService, PublicUrls],
  exports: [DiagnosisService],
})
export class DiagnosisModule {}
