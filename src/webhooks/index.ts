export { WebhookEvent } from './webhook-event.entity';
export { WebhookWorker } from './webhook.worker';
export { WebhooksModule } from './webhooks.module';
