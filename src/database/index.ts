export { createDataSource, dataSourceOptions, MIGRATE_COMMAND } from './data-source';
export { prepareInsert, runIn, runPrepared } from './prepared';
export { hasSqlState, UNDEFINED_TABLE, UNIQUE_VIOLATION } from './sql-states';
export { afterCommit, inTransaction } from './transaction';
