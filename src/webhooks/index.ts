export { ListWebhookEventsDto } from './dto/list-webhook-events.dto';
export { ReplayWebhookEventsDto } from './dto/replay-webhook-events.dto';
export { WebhookEventDetailDto } from './dto/webhook-event.dto';
export { WebhookArchiveModule } from './webhook-archive.module';
export { WebhookErasureService } from './webhook-erasure.service';
export { WebhookEvent } from './webhook-event.entity';
export { WebhookEventsService, type ReplayReport } from './webhook-events.service';
export { WebhookWorker } from './webhook.worker';
export { WebhooksModule } from './webhooks.module';
