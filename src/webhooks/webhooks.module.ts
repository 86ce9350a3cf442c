import { Module, type NestModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiKeysModule } from '../api-keys';
import { ConnectSessionsModule } from '../connect-sessions';
import { ConnectionsModule } from '../connections';
import { ObservabilityModule } from '../observability';
import { RawBody } from './raw-body';
import { SignatureRefusals } from './signature-refusals';
import { TerraSignatureGuard } from './terra-signature.guard';
import { TerraWebhookController } from './terra-webhook.controller';
import { WebhookEventsModule } from './webhook-events.module';
import { WebhookBacklogMetric } from './webhook-backlog.metric';
import { WebhookErasureCheck } from './webhook-erasure';
import { WebhookErasureRepository } from './webhook-erasure.repository';
import { WebhookErasureService } from './webhook-erasure.service';
import { WebhookRetentionRepository } from './webhook-retention.repository';
import { WebhookRetentionService } from './webhook-retention.service';
import { WebhookEvent } from './webhook-event.entity';
import { WebhookInboxRepository } from './webhook-inbox.repository';
import { WebhookEventsController } from './webhook-events.controller';
import { WebhookHandlers } from './webhook-handlers';
import { WebhookInboxService } from './webhook-inbox.service';
import { WebhookInboxWorker } from './webhook-inbox.worker';

@Module({
  imports: [
    TypeOrmModule.forFeature([WebhookEvent]),
    ApiKeysModule,
    ConnectionsModule,
    ConnectSessionsModule,
    ObservabilityModule,
    WebhookEventsModule,
  ],
  controllers: [TerraWebhookController, WebhookEventsController],
  providers: [
    RawBody,
    SignatureRefusals,
    TerraSignatureGuard,
    WebhookBacklogMetric,
    WebhookErasureCheck,
    WebhookErasureRepository,
    WebhookErasureService,
    WebhookRetentionRepository,
    WebhookRetentionService,
    WebhookInboxRepository,
    WebhookHandlers,
    WebhookInboxService,
    WebhookInboxWorker,
  ],
  exports: [WebhookEventsModule, WebhookErasureService, WebhookRetentionService, WebhookInboxWorker],
})
export class WebhooksModule implements NestModule {
  constructor(private readonly rawBody: RawBody) {}

  configure(): void {
    this.rawBody.capture();
  }
}
