import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import type { CloudEvent } from '../../src/events/cloud-event';
import { EventDeliveriesWorker, EventLog, type NewEvent } from '../../src/events';
import { DataSource } from 'typeorm';
import { inTransaction } from '../../src/database';
import type { TestApp } from './app';
import { sequenceEvents } from './events';
import { closeLater, listen } from './terra-client';

interface ReceivedEvent {
  headers: IncomingHttpHeaders;
  body: string;
  event: CloudEvent;
}

/** A service of a caller that receives events. */
export interface WebhookReceiver {
  url: string;
  /** Every request, in the order of arrival. */
  received: ReceivedEvent[];
  /** Answers a request; default: 204. */
  answer: (event: CloudEvent, response: ServerResponse) => unknown;
}

/** Close it with `closeAll`. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const receiver: WebhookReceiver = {
    url: '',
    received: [],
    answer: (_, response) => response.writeHead(204).end(),
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const event = JSON.parse(body) as CloudEvent;
      receiver.received.push({ headers: request.headers, body, event });
      receiver.answer(event, response);
    });
  });
  receiver.url = `${await listen(server)}/hooks`;
  closeLater(() => server.closeAllConnections());
  return receiver;
}

/** Verifies a request as a receiver does. @throws when the signature is wrong */
export function verify({ body, headers }: ReceivedEvent, secret: string): unknown {
  return new Webhook(secret).verify(body, headers as Record<string, string>);
}

export interface EndpointAnswer {
  id: string;
  url: string;
  types: string[];
  enabled: boolean;
  disabledReason: string | null;
  failingSince: string | null;
  secret: string;
}

export async function createEndpoint(
  service: TestApp,
  { url }: { url: string },
  types = ['connection.*', 'end_user.*'],
): Promise<EndpointAnswer> {
  const answer = await service.api<EndpointAnswer>('POST', '/v1/webhook-endpoints', { body: { url, types } });
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
  return answer.body;
}

/** Appends an event of a connection, without a connection. @returns its id */
export async function appendEvent(
  service: TestApp,
  referenceId: string | null,
  given: Partial<NewEvent> = {},
): Promise<string> {
  const event: NewEvent = {
    type: 'connection.connected',
    referenceId,
    connectionId: null,
    occurredAt: new Date('2026-11-24T09:30:00Z'),
    data: { referenceId },
    ...given,
  };
  const log = service.app.get(EventLog, { strict: false });
  const [id] = await inTransaction(service.app.get(DataSource), (manager) => log.append(manager, [event]));
  await sequenceEvents(service);
  return id as string;
}

/** Delivers everything that is due, and waits for the answers. */
export async function deliver({ app }: TestApp): Promise<void> {
  const worker = app.get(EventDeliveriesWorker, { strict: false });
  while (await worker.runOnce());
}

export interface DeliveryAnswer {
  eventId: string;
  referenceId: string | null;
  status: string;
  attempts: number;
  lastAttempts: { at: string; status: number | null; error: string | null; ms: number }[];
  deliveredAt: string | null;
}

export async function deliveriesOf(
  service: TestApp,
  { id }: { id: string },
  query: Record<string, string> = {},
): Promise<DeliveryAnswer[]> {
  const path = `/v1/webhook-endpoints/${id}/deliveries?${new URLSearchParams(query).toString()}`;
  return (await service.api<{ items: DeliveryAnswer[] }>('GET', path)).body.items;
}
