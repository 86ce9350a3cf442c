export { Environment, EnvironmentError, LOG_LEVELS, readDatabaseUrl, readEnvironment } from './environment';
export { toNamespaces, type AppNamespace, type DatabaseNamespace, type Namespaces } from './namespaces';
export {
  TERRA_CONNECT_OPTIONS,
  WIDGET_GENERATIONS,
  type TerraConnectOptions,
  type TerraOptions,
  type WidgetGeneration,
} from './options';
export { parseReturnUrl } from './return-url-pattern';
