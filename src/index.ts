/** The public API for a Nest application that embeds Terra Connect; see docs/embedding.md. */
export { PUBLIC_ROUTE } from './http';
export { ApiKeysService, type Scope } from './api-keys';
export { DomainError } from './common';
export type { TerraConnectOptions } from './config';
export {
  ConnectSession,
  ConnectSessionsService,
  type ConnectSessionWithOutcome,
  type CreateConnectSession,
  type CreateOptions,
} from './connect-sessions';
export {
  Connection,
  ConnectionIdentity,
  ConnectionsService,
  type ConnectionFilter,
  type ListedConnection,
} from './connections';
export { ProvidersService } from './providers';
export { TERRA_CONNECT_ENTITIES, TERRA_CONNECT_MIGRATIONS, TerraAuthModule } from './terra-auth';
