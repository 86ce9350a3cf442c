import { Module, type NestModule } from '@nestjs/common';
import { ApiKeysModule } from '../api-keys';
import { ConnectSessionsModule } from '../connect-sessions';
import { ConnectionsModule } from '../connections';
import { EventsModule } from '../events';
import { BodyBudget, PublicUrls } from '../http';
import { ObservabilityModule } from '../observability';
import { OutboundModule } from '../outbound';
import { QueueModule } from '../queue';
import { RateLimitsModule } from '../rate-limits';
import { TerraModule } from '../terra';
import { DataForwarding } from './data-forwarding.service';
import { ParkedEventsWorker } from './parked-events.worker';
import { PayloadPointersRepository } from './pointers/payload-pointers.repository';
import { PayloadPointersWorker } from './pointers/payload-pointers.worker';
import { RawBody } from './raw-body';
import { SignatureRefusals } from './signature-refusals';
import { TerraSignatureGuard } from './terra-signature.guard';
import { TerraWebhookController } from './terra-webhook.controller';
import { WaitingDataWorker } from './waiting-data.worker';
import { WebhookDeliveriesRepository } from './webhook-deliveries.repository';
import { WebhookEffectsService } from './webhook-effects.service';
import { WebhookErasureRepository } from './webhook-erasure.repository';
import { WebhookEventsController } from './webhook-events.controller';
import { WebhookEventsModule } from './webhook-events.module';
import { WebhookInboxService } from './webhook-inbox.service';
import { WebhookInboxWorker } from './webhook-inbox.worker';
import { WebhookPartitionsWorker } from './webhook-partitions.worker';
import { WebhookPersonalData } from './webhook-personal-data.service';
import { WebhookProcessingRepository } from './webhook-processing.repository';
import { WebhookProcessorService } from './webhook-processor.service';
import { WebhookRetentionRepository } from './webhook-retention.repository';

@Module({
  imports: [
    ApiKeysModule,
    ConnectionsModule,
    ConnectSessionsModule,
    EventsModule,
    ObservabilityModule,
    OutboundModule,
    QueueModule,
    RateLimitsModule,
    TerraModule,
    WebhookEventsModule,
  ],
  controllers: [TerraWebhookController, WebhookEventsController],
  providers: [
    BodyBudget,
    RawBody,
    PublicUrls,
    SignatureRefusals,
    TerraSignatureGuard,
    WebhookInboxService,
    WebhookDeliveriesRepository,

    WebhookInboxWorker,
    WebhookProcessorService,
    WebhookProcessingRepository,
    WebhookEffectsService,
    ParkedEventsWorker,
    DataForwarding,
    WaitingDataWorker,
    PayloadPointersWorker,
    PayloadPointersRepository,

    WebhookPersonalData,
    WebhookErasureRepository,
    WebhookRetentionRepository,
    WebhookPartitionsWorker,
  ],
  exports: [
    WebhookEventsModule,
    WebhookPersonalData,
    WebhookInboxWorker,
    ParkedEventsWorker,
    WebhookPartitionsWorker,
  ],
})
export class WebhooksModule implements NestModule {
  constructor(private readonly rawBody: RawBody) {}

  configure(): void {
    this.rawBody.capture();
  }
}
