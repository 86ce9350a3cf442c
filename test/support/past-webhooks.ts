import { randomUUID } from 'node:crypto';
import { WebhookInboxWorker } from '../../src/webhooks';
import type { ApiAnswer, TestApp } from './app';
import { shiftClock } from './flow';
import { postWebhook, type WebhookOptions } from './webhooks';

export interface EventAnswer {
  id: string;
  type: string | null;
  status: string;
  note: string | null;
  terraUserId: string | null;
  referenceId: string | null;
  receivedAt: string;
  attempts: number;
  processedAt: string | null;
  replays: number;
  replayedAt: string | null;
  replayedBy: string | null;
  body: Record<string, unknown> | null;
  bodyText: string | null;
}
export interface PageAnswer {
  items: EventAnswer[];
  nextCursor: string | null;
}
export interface ReportAnswer {
  dryRun: boolean;
  matched: number;
  replayed: number;
  skipped: number;
  remaining: number;
  events: { id: string; type: string | null; status: string; terraUserId: string | null }[];
}

/** An id that no row has. */
export const UNKNOWN_ID = '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10';
const HOUR = 3_600;

export interface WireUser {
  user_id: string;
  provider: string;
  reference_id: string | null;
  scopes: string;
}
export const userOf = (referenceId: string | null, userId: string = randomUUID()): WireUser => ({
  user_id: userId,
  provider: 'GARMIN',
  reference_id: referenceId,
  scopes: 'A,B',
});
export const auth = (user: object): object => ({ type: 'auth', status: 'success', user });
/** The same fact in another delivery. Equal bodies in one second would have equal signatures and count as one delivery. */
export const authAgain = (user: object): object => ({ ...auth(user), message: randomUUID() });
export const deauth = (user: object): object => ({ type: 'deauth', status: 'success', user });

/** Delivers webhook events, and reads and replays them through the admin API. */
export class PastWebhooks {
  constructor(private readonly service: TestApp) {}

  /** Posts an event without processing it. @returns its id in the inbox */
  async post(event: object | string, options: WebhookOptions = {}): Promise<string> {
    const traceId = randomUUID();
    const { status } = await postWebhook(this.service, event, { ...options, traceId });
    const [row] = await this.service.query<{ id: string }>(
      'SELECT id FROM terra_connect.webhook_events WHERE trace_id = $1',
      [traceId],
    );
    if (status !== 200 || !row) throw new Error(`The event was not stored (${status}).`);
    return row.id;
  }

  /** Posts an event and processes the inbox. @returns the event's id */
  async deliver(event: object | string, options: WebhookOptions = {}): Promise<string> {
    const id = await this.post(event, options);
    await this.service.drainWebhooks();
    return id;
  }

  async list(filter: Record<string, string>): Promise<PageAnswer> {
    const query = new URLSearchParams(filter).toString();
    const { status, body } = await this.service.api<PageAnswer>('GET', `/v1/webhook-events?${query}`);
    if (status !== 200) throw new Error(JSON.stringify(body));
    return body;
  }

  async idsOf(filter: Record<string, string>): Promise<string[]> {
    return (await this.list({ limit: '200', ...filter })).items.map(({ id }) => id);
  }

  async read(id: string): Promise<EventAnswer> {
    return (await this.service.api<EventAnswer>('GET', `/v1/webhook-events/${id}`)).body;
  }

  replay(body: object): Promise<ApiAnswer<ReportAnswer>> {
    return this.service.api<ReportAnswer>('POST', '/v1/webhook-events/replay', { body });
  }

  /** Makes every write to connections of this reference fail. @returns a function that ends the failures */
  async failWritesFor(referenceId: string): Promise<() => Promise<void>> {
    const name = `broken_${randomUUID().replaceAll('-', '')}`;
    await this.service.query(
      `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'the disk is full'; END $$`,
    );
    await this.service.query(
      `CREATE TRIGGER ${name} BEFORE INSERT OR UPDATE ON terra_connect.connections FOR EACH ROW
        WHEN (NEW.reference_id = '${referenceId}') EXECUTE FUNCTION ${name}()`,
    );
    return async () => {
      await this.service.query(`DROP TRIGGER ${name} ON terra_connect.connections`);
    };
  }

  /** Moves the clock and runs the worker until the event is a dead letter. */
  async exhaustRetries(id: string): Promise<void> {
    for (let hours = 1; hours < 30 && (await this.read(id)).status === 'pending'; hours += 1) {
      shiftClock(this.service, hours * HOUR);
      await this.service.app.get(WebhookInboxWorker, { strict: false }).runOnce();
    }
    jest.restoreAllMocks();
    const { status, note } = await this.read(id);
    if (status !== 'dead_lettered') throw new Error(`The event is ${status}, not dead-lettered: ${note}`);
  }
}
