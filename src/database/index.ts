export { ClockModule } from './clock-synchronizer';
export { createDataSource, dataSourceOptions, MIGRATE_COMMAND } from './data-source';
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
export { columnsOf, insertIfAbsent, runSql } from './sql';
export { afterCommit, inTransaction } from './transaction';
