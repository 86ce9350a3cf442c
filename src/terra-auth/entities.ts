import { MIGRATIONS } from '../../migrations';
import { ApiKey } from '../api-keys';
import { ConnectSession, ConnectSessionConnection } from '../connect-sessions';
import { Connection, ConnectionFact, ConnectionIdentity, Deauthentication, Tombstone } from '../connections';
import { Erasure } from '../privacy';
import { Sweep, SweepFinding } from '../reconciliation';
import { WebhookEvent } from '../webhooks';

/** For the `entities` of a host's TypeORM data source. All tables live in the Postgres schema `terra_connect`. */
export const TERRA_CONNECT_ENTITIES = [
  ApiKey,
  Connection,
  ConnectionFact,
  ConnectionIdentity,
  Deauthentication,
  Tombstone,
  ConnectSession,
  ConnectSessionConnection,
  Sweep,
  SweepFinding,
  WebhookEvent,
  Erasure,
];

/** For the `migrations` of a host's TypeORM data source. */
export const TERRA_CONNECT_MIGRATIONS = MIGRATIONS;
