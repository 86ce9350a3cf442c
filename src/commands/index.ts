export { addApiKeyCommand } from './api-key.command';
export { addMigrateCommand } from './migrate.command';
export { addWebhookEventsCommand } from './webhook-events.command';
