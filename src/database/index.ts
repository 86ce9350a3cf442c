export { createDataSource, dataSourceOptions, MIGRATE_COMMAND } from './data-source';
export {
  exportedFields,
  inBatches,
  type DataSubject,
  type ErasureRequest,
  type ExportedRow,
  type ExportPolicy,
  type PersonalData,
  type PruneRule,
} from './personal-data';
export { columnsOf, insertIfAbsent, runSql } from './sql';
export { afterCommit, inTransaction } from './transaction';
