import { randomUUID } from 'node:crypto';
import { Clock } from '../../src/common';
import type { TestApp } from './app';

export interface SessionAnswer {
  id: string;
  status: string;
  referenceId: string;
  connectUrl: string;
  widgetUrl: string;
  failureReason: string | null;
  providerReason: string | null;
  expiresAt: string;
  connections: ConnectionAnswer[];
}

export interface ConnectionAnswer {
  id: string;
  referenceId: string;
  terraUserId: string;
  provider: string;
  status: string;
  statusReason: string | null;
  scopes: string[];
}

export const newReference = (): string => `person-${randomUUID()}`;

export async function startSession(
  service: TestApp,
  body: Record<string, unknown> = {},
): Promise<SessionAnswer> {
  const request = { referenceId: newReference(), ...body };
  const answer = await service.api<SessionAnswer>('POST', '/v1/connect-sessions', { body: request });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body) + service.log.slice(-5).join(''));
  return answer.body;
}

export async function readSession(service: TestApp, id: string): Promise<SessionAnswer> {
  return (await service.api<SessionAnswer>('GET', `/v1/connect-sessions/${id}`)).body;
}

export async function connectionsOf(service: TestApp, referenceId: string): Promise<ConnectionAnswer[]> {
  const query = new URLSearchParams({ referenceId }).toString();
  const answer = await service.api<{ items: ConnectionAnswer[] }>('GET', `/v1/connections?${query}`);
  return answer.body.items;
}

/** Requests a URL as a browser does, without following redirects. */
export function visit(url: string | URL, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { redirect: 'manual', ...init });
}

/** The redirect URL that the service gave to Terra for the latest session of a reference. */
export function redirectUrlOf(service: TestApp, referenceId: string, outcome: 'success' | 'failure'): string {
  const sent = service.sandbox.requests
    .map(({ body }) => (body ?? {}) as Record<string, string>)
    .findLast((body) => body.reference_id === referenceId);
  const url = sent?.[`auth_${outcome}_redirect_url`];
  if (!url) throw new Error(`The service did not ask Terra for a session of ${referenceId}.`);
  return url;
}

/** Shifts the service's clock by `seconds` until the mocks are restored. */
export function shiftClock(service: TestApp, seconds: number): void {
  jest
    .spyOn(service.app.get(Clock, { strict: false }), 'now')
    .mockImplementation(() => new Date(Date.now() + seconds * 1_000));
}

/** Stops the service's clock until the mocks are restored. */
export function stopClock(service: TestApp, at: Date): void {
  jest.spyOn(service.app.get(Clock, { strict: false }), 'now').mockImplementation(() => at);
}

const TABLES = [
  'connections',
  'connection_facts',
  'connection_identities',
  'deauthentications',
  'connect_sessions',
  'connect_session_connections',
  'webhook_events',
] as const;
export type TableName = (typeof TABLES)[number];

/** Row count and digest per table. Equal values before and after a call mean that no row was added, removed or changed. */
export async function stateOf(service: TestApp): Promise<Record<TableName, string>> {
  const digests = TABLES.map(async (table) => {
    const [row] = await service.query<{ count: string; digest: string }>(
      `SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS digest
        FROM terra_connect.${table} t`,
    );
    return [table, `${row?.count} rows, ${row?.digest}`];
  });
  return Object.fromEntries(await Promise.all(digests)) as Record<TableName, string>;
}
