export { assertOptions } from './assert-options';
export {
  Environment,
  EnvironmentError,
  readDatabaseUrl,
  readDiagnosisEnvironment,
  readEnvironment,
} from './environment';
export { toNamespaces, type Namespaces } from './namespaces';
export {
  reconciliationOf,
  retentionOf,
  TERRA_CONNECT_OPTIONS,
  type ReconciliationOptions,
  type RetentionOptions,
  type TerraConnectOptions,
} from './options';
export { parseReturnUrl } from './return-url-pattern';
