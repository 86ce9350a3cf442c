import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { epochMs } from '../task-process';
import type { ServiceApi } from './service-api';
import { Arrivals, type TakenEvent } from './arrivals';

/** A webhook endpoint of the service with its receiver, which has a port of its own. */
export interface Receiver {
  endpointId: string;
  /** null: it never answers. */
  arrivals: Arrivals | null;
  close: () => Promise<void>;
}

/** Starts a receiver that verifies each delivery and answers at once, and subscribes it. */
export async function receive(api: ServiceApi, types: string[]): Promise<Receiver> {
  const arrivals = new Arrivals();
  const server = createServer();
  const { id, secret } = await api.createEndpoint(await listen(server), types);
  const verifier = new Webhook(secret);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const answer = async (): Promise<void> => {
      const body = await textOf(request);
      const at = epochMs();
      arrivals.add(verifier.verify(body, request.headers as Record<string, string>) as TakenEvent, at);
      response.writeHead(204).end();
    };
    answer().catch((error: unknown) => {
      arrivals.problem ??= String(error);
      response.writeHead(400).end();
    });
  });
  return { endpointId: id, arrivals, close: () => close(server) };
}

/** Starts a receiver that accepts connections and never answers, and subscribes it. */
export async function hang(api: ServiceApi, types: string[]): Promise<Receiver> {
  const server = createTcpServer((socket) => socket.on('error', () => undefined).resume());
  const { id } = await api.createEndpoint(await listen(server), types);
  return { endpointId: id, arrivals: null, close: () => close(server) };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

const sockets = new WeakMap<Server, Set<Socket>>();

async function listen(server: Server): Promise<string> {
  const open = new Set<Socket>();
  sockets.set(server, open);
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  for (const socket of sockets.get(server) ?? []) socket.destroy();
  await closed;
}
