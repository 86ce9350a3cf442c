export { ClockModule } from './clock-synchronizer';
export { dataSourceOptions, MIGRATE_COMMAND } from './data-source';
export { describeDatabaseError } from './database-errors';
export { openMigratedDatabase, readMigrationState } from './migration/migrated-database';
export type { MigratorOptions } from './migration/migration-transactions';
export { withMigrator, type Reversion } from './migration/migrator';
export { applicationName } from './migration/sessions';
export {
  EXPORT_SECTIONS,
  exportedFields,
  inBatches,
  type DataSubject,
  type ErasureRequest,
  type ExportedRow,
  type ExportPolicy,
  type ExportSections,
  type PersonalData,
  type PruneRule,
} from './personal-data';
export { isReadOnly, recentRefusal } from './server-state';
export { rowSetOf } from './row-set';
export { columnsOf, insertIfAbsent, insertionOf, runSql } from './sql';
export { afterCommit, inTransaction } from './transaction';
