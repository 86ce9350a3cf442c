import { readFileSync } from 'node:fs';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import type { OutgoingOptions } from '../../src/config';
import { GuardedHttpClient } from '../../src/outbound/guarded-http.client';
import { GuardedSockets } from '../../src/outbound/guarded-sockets';
import { closeLater } from './terra-client';

const certificate = (name: string): string => readFileSync(join(__dirname, 'certificates', name), 'utf8');
/** Self-signed, for `hooks.example.com`: trusted only as an authority of its own. */
const RECEIVER_CERTIFICATE = certificate('receiver.crt');
const TLS = { cert: RECEIVER_CERTIFICATE, key: certificate('receiver.key') };

/** The addresses of each name; of several lists, the next one at each question. */
export type Names = Record<string, string[][]>;

export interface Receiver {
  port: number;
  url: string;
  /** Called for each connection, before its handshake. */
  onConnection?: (socket: Socket) => void;
  /** The connections so far, also those whose handshake failed. */
  connections: number;
  open: number;
  /** Everything that was received, decrypted. */
  received: string;
}

/** A server that behaves as badly as a test wants: `onRequest` has the bare socket once headers have arrived. */
export async function startReceiver(
  onRequest: (socket: Socket, receiver: Receiver) => void,
  transport: 'tls' | 'tcp' = 'tls',
): Promise<Receiver> {
  const receiver: Receiver = { port: 0, url: '', connections: 0, open: 0, received: '' };
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    socket
      .on('error', () => undefined)
      .on('data', (chunk: Buffer) => {
        receiver.received += chunk.toString('latin1');
        if (chunk.includes('\r\n\r\n')) onRequest(socket, receiver);
      });
  };
  const server: Server = transport === 'tls' ? createTlsServer(TLS, serve) : createTcpServer(serve);
  server
    .on('tlsClientError', () => undefined)
    .on('connection', (socket: Socket) => {
      receiver.connections += 1;
      receiver.open += 1;
      sockets.add(socket);
      socket
        .on('error', () => undefined)
        .once('close', () => {
          receiver.open -= 1;
          sockets.delete(socket);
        });
      receiver.onConnection?.(socket);
    });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeLater(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  receiver.port = (server.address() as AddressInfo).port;
  receiver.url = `${transport === 'tls' ? 'https' : 'http'}://hooks.example.com:${receiver.port}/terra`;
  return receiver;
}

/** Answers with a status, headers and a body, whose length it tells. */
export const answering =
  (status: number, body = '', headers = ''): ((socket: Socket) => void) =>
  (socket) =>
    void socket.write(
      `HTTP/1.1 ${status} X\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );

export interface TestClient extends GuardedHttpClient {
  /** The names that were resolved, in order. */
  resolved: string[];
}

/** The service's client for receivers, which finds `hooks.example.com` on this machine. */
export function guardedClient(
  given: {
    names?: Names;
    allowPrivateNetworks?: boolean;
    ca?: string | null;
    proxies?: Partial<OutgoingOptions>;
    /** Until when names have no answer. */
    silence?: Promise<unknown>;
  } = {},
): TestClient {
  const { names = { 'hooks.example.com': [['127.0.0.1']] }, allowPrivateNetworks = true } = given;
  const resolved: string[] = [];
  const resolve = async (name: string): Promise<string[]> => {
    const before = resolved.filter((other) => other === name).length;
    resolved.push(name);
    await given.silence;
    const answers = names[name];
    const answer = answers?.[Math.min(before, answers.length - 1)];
    return answer
      ? Promise.resolve(answer)
      : Promise.reject(Object.assign(new Error(), { code: 'ENOTFOUND' }));
  };
  const proxies = { httpsProxy: '', httpProxy: '', noProxy: '', circuitFailures: 0, ...given.proxies };
  const ca = given.ca === undefined ? RECEIVER_CERTIFICATE : (given.ca ?? undefined);
  const rules = { allowPrivateNetworks };
  const client = new GuardedHttpClient(rules, new GuardedSockets(rules, proxies, { resolve }, ca));
  closeLater(() => client.onApplicationShutdown());
  return Object.assign(client, { resolved });
}
