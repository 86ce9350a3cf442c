import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { LANES, type Lane } from '../../src/webhooks/webhook-event.entity';
import { laneOf } from '../../src/webhooks/lane';
import { WebhookInboxWorker } from '../../src/webhooks';
import type { TestApp } from './app';
import { newReference } from './flow';

/** An event to store, as Terra sends it. */
export interface StoredDelivery {
  body: object | string;
  traceId?: string;
  occurredAt?: Date;
}

/** Stores many deliveries at once, as if they had been posted one after the other. @returns their trace ids */
export async function storeDeliveries(service: TestApp, deliveries: StoredDelivery[]): Promise<string[]> {
  const now = Date.now() - 60_000;
  const rows = deliveries.map(({ body, traceId = randomUUID(), occurredAt }, index) => {
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const receivedAt = new Date(now + index);
    return { id: uuidv7(), traceId, bytes, lane: laneOf(bytes), occurredAt, receivedAt };
  });
  await service.query(
    `INSERT INTO terra_connect.webhook_events (id, trace_id, signed_at, occurred_at, received_at, body, lane, status,
        next_attempt_at)
      SELECT id, trace_id, received_at, occurred_at, received_at, body, lane, 'pending', received_at
      FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::bytea[], $5::smallint[],
          $6::uuid[])
        AS row (trace_id, occurred_at, received_at, body, lane, id)`,
    [
      rows.map((row) => row.traceId),
      rows.map((row) => row.occurredAt ?? row.receivedAt),
      rows.map((row) => row.receivedAt),
      rows.map((row) => row.bytes),
      rows.map((row) => row.lane),
      rows.map((row) => row.id),
    ],
  );
  return rows.map(({ traceId }) => traceId);
}

/** Stores many data events of one Terra user with one statement. */
export async function storePile(service: TestApp, userId: string, count: number): Promise<void> {
  const body = { type: 'daily', user: { user_id: userId, provider: 'GARMIN' }, data: [{ steps: 1 }] };
  await service.query(
    `INSERT INTO terra_connect.webhook_events (id, trace_id, signed_at, received_at, body, lane, status, next_attempt_at)
      SELECT overlay(gen_random_uuid()::text PLACING $4 FROM 1 FOR 15)::uuid, 'pile-' || number, now(), now(), convert_to($1, 'UTF8'), $2, 'pending',
          now() - interval '1 hour' FROM generate_series(1, $3) AS number`,
    [JSON.stringify(body), LANES.data, count, uuidv7().slice(0, 15)],
  );
}

/** The worker of the inbox. Its loops do not run in tests. */
export function inboxOf(service: TestApp): WebhookInboxWorker {
  return service.app.get(WebhookInboxWorker, { strict: false });
}

/** Processes one lane, or all of them, in batches of this size until no event is due. */
export async function drainInbox(service: TestApp, limit: number, lane?: Lane): Promise<void> {
  const inbox = inboxOf(service);
  while (await (lane === undefined ? inbox.runOnce(limit) : inbox.processLane(lane, limit)));
}

/** Counts the statements that reach Postgres while `work` runs, those of the transaction included. */
export async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const statements: string[] = [];
  const query = jest.spyOn(Client.prototype, 'query');
  try {
    query.mockImplementation(function (this: Client, ...args: unknown[]): never {
      const [statement] = args as [string | { text: string }];
      statements.push(typeof statement === 'string' ? statement : statement.text);
      return originalQuery.apply(this, args as never) as never;
    });
    await work();
  } finally {
    query.mockRestore();
  }
  return statements;
}

// eslint-disable-next-line @typescript-eslint/unbound-method
const originalQuery = Client.prototype.query;

/** An end user with one Terra user. */
export interface EndUser {
  referenceId: string;
  userId: string;
}

export const endUsers = (count: number): EndUser[] =>
  Array.from({ length: count }, () => ({ referenceId: newReference(), userId: randomUUID() }));
export const userOf = ({ referenceId, userId }: EndUser, provider = 'GARMIN'): object => ({
  user_id: userId,
  provider,
  reference_id: referenceId,
  scopes: 'DAILY,SLEEP',
});
export const authOf = (endUser: EndUser, more: object = {}): object => ({
  type: 'auth',
  status: 'success',
  user: userOf(endUser),
  ...more,
});
