export { createDataSource, dataSourceOptions, MIGRATE_COMMAND } from './data-source';
export { prepareInsert, runIn, runPrepared } from './prepared';
export { afterCommit, inTransaction } from './transaction';
