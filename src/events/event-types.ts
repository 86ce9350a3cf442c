import { DATA_EVENT_TYPES as TERRA_DATA_EVENT_TYPES, type TerraEventType } from '../terra';

/** What happened to a connection. */
export const CONNECTION_EVENT_TYPES = [
  'connection.connected',
  'connection.reconnected',
  'connection.needs_reauth',
  'connection.recovered',
  'connection.scopes_changed',
  'connection.disconnecting',
  'connection.disconnected',
  'connection.moved',
  'connection.merged',
] as const;
export type ConnectionEventType = (typeof CONNECTION_EVENT_TYPES)[number];

/** How a connect session ended. */
const SESSION_EVENT_TYPES = [
  'connect_session.completed',
  'connect_session.failed',
  'connect_session.cancelled',
  'connect_session.expired',
] as const;
export type SessionEventType = (typeof SESSION_EVENT_TYPES)[number];

/** Terra's events that carry health data, or tell about a request for it. `other` has the types that Terra adds. */
const FORWARDED_TERRA_TYPES = [
  ...TERRA_DATA_EVENT_TYPES,
  's3_payload',
  'processing',
  'rate_limit_hit',
  'large_request_processing',
  'large_request_sending',
] as const satisfies TerraEventType[];
export type DataEventType = `data.${(typeof FORWARDED_TERRA_TYPES)[number]}` | 'data.other';
const DATA_EVENT_TYPES: readonly DataEventType[] = [
  ...FORWARDED_TERRA_TYPES.map((type) => `data.${type}` as const),
  'data.other',
];

/** The type of the event that hands a data event of Terra on; null: the event is none. @param type null: unknown */
export function dataEventTypeOf(type: TerraEventType | null): DataEventType | null {
  if (type === null) return 'data.other';
  const forwarded = FORWARDED_TERRA_TYPES.find((one) => one === type);
  return forwarded === undefined ? null : `data.${forwarded}`;
}

/** Every type of the events that leave the service. */
export const EVENT_TYPES = [
  ...CONNECTION_EVENT_TYPES,
  ...SESSION_EVENT_TYPES,
  'end_user.erased',
  'endpoint.disabled',
  ...DATA_EVENT_TYPES,
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** The type of a test event. No change makes it, no endpoint subscribes to it, and the log does not have it. */
export const TEST_EVENT_TYPE = 'endpoint.test';
