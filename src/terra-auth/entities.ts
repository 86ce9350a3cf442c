import { MIGRATIONS } from '../../migrations';
import { ApiKey } from '../api-keys';
import { ConnectSession, ConnectSessionConnection } from '../connect-sessions';
import { Connection, ConnectionFact, ConnectionIdentity, Deauthentication, Tombstone } from '../connections';
import {
  EventBody,
  EventDelivery,
  EventEndpoint,
  EventLane,
  EventLogState,
  EventRelay,
  OutgoingEvent,
} from '../events';
import { Erasure } from '../privacy';
import { CatalogueCheck, CatalogueProvider } from '../provider-retirement';
import { Sweep, SweepFinding } from '../reconciliation';
import { WebhookEvent, WebhookReceipt } from '../webhooks';

/** Add these to the `entities` of your TypeORM data source. All tables are in the Postgres schema `terra_connect`. */
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
  WebhookReceipt,
  OutgoingEvent,
  EventLogState,
  EventBody,
  EventEndpoint,
  EventDelivery,
  EventLane,
  EventRelay,
  Erasure,
  CatalogueCheck,
  CatalogueProvider,
];

/** Add these to the `migrations` of your TypeORM data source. */
export const TERRA_CONNECT_MIGRATIONS = MIGRATIONS;
