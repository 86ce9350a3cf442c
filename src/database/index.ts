export { createDataSource, dataSourceOptions, MIGRATE_COMMAND, MIGRATIONS_TABLE } from './data-source';
export { rejectEmbeddedDatabase } from './embedded-database';
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
export { appliedMigrations, isReadOnly, recentRefusal } from './server-state';
export { columnsOf, insertIfAbsent, insertionOf, runSql } from './sql';
export { afterCommit, inTransaction } from './transaction';
