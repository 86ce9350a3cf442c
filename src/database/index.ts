export { createDataSource, dataSourceOptions, MIGRATE_COMMAND } from './data-source';
export { prepareInsert, runIn, runPrepared, type PreparedStatement } from './prepared';
export { hasSqlState, isTransient, UNDEFINED_TABLE, UNIQUE_VIOLATION } from './sql-states';
export { inTransaction } from './transaction';
