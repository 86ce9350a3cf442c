export { addApiKeyCommand } from './api-key.command';
export { addDoctorCommand } from './doctor.command';
export { addReconcileCommand, addSweepCommand } from './reconciliation.commands';
export { addMigrateCommand } from './migrate.command';
export { addWebhookEventsCommand } from './webhook-events.command';
