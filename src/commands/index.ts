export { addApiKeyCommand } from './api-key.command';
export { addMigrateCommand } from './migrate.command';
