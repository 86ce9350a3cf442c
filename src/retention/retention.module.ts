import { Module } from '@nestjs/common';
import { ConnectSessionsModule } from '../connect-sessions';
import { ConnectionsModule } from '../connections';
import { ObservabilityModule } from '../observability';
import { WebhooksModule } from '../webhooks';
import { RetentionWorker } from './retention.worker';

@Module({
  imports: [ConnectionsModule, ConnectSessionsModule, ObservabilityModule, WebhooksModule],
  providers: [RetentionWorker],
  exports: [RetentionWorker],
})
export class RetentionModule {}
