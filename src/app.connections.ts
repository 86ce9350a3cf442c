import { Logger } from '@nestjs/common';
import type { FastifyHttpOptions, FastifyInstance } from 'fastify';
import { isIPv6, type Socket } from 'node:net';
import type { ConnectionLimits } from './config';
import type { Metrics } from './observability';

const HEADERS_TIMEOUT_MS = 10_000;
// Terra waits eight seconds for an answer. A slower body is no webhook that anyone waits for.
const REQUEST_TIMEOUT_MS = 30_000;
// How often Node looks for connections that have used up one of these times.
const CHECK_INTERVAL_MS = 2_000;
const LOG_INTERVAL_MS = 10_000;

/**
 * The times after which the server closes a connection (T-21): one that sends no headers, from its first moment on; one
 * whose request does not arrive; one without a further request.
 */
export function connectionTimes({
  keepAliveSeconds,
}: ConnectionLimits): Pick<
  FastifyHttpOptions<FastifyInstance['server']>,
  'requestTimeout' | 'keepAliveTimeout' | 'http'
> {
  return {
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: keepAliveSeconds * 1_000,
    http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: CHECK_INTERVAL_MS },
  };
}

/** Closes each connection at once that is one too many, in all or for its address. */
export function limitConnections(
  { server }: FastifyInstance,
  { max, maxPerAddress }: ConnectionLimits,
  metrics: Metrics,
): void {
  const report = reporter(metrics);
  server.maxConnections = max;
  server.on('drop', () => report('all'));
  if (maxPerAddress === 0) return;
  const open = new Map<string, number>();
  server.prependListener('connection', (socket: Socket) => {
    const owner = ownerOf(socket.remoteAddress ?? '');
    const count = (open.get(owner) ?? 0) + 1;
    open.set(owner, count);
    socket.once('close', () => {
      const left = (open.get(owner) ?? 1) - 1;
      if (left === 0) open.delete(owner);
      else open.set(owner, left);
    });
    if (count <= maxPerAddress) return;
    report('address');
    socket.destroy();
  });
}

/** Counts every closed connection, and logs at most one line in ten seconds: a flood must not fill the log as well. */
function reporter(metrics: Metrics): (limit: 'all' | 'address') => void {
  const logger = new Logger('http');
  let logged = 0;
  return (limit) => {
    metrics.connectionsRefused.inc({ limit });
    const now = performance.now();
    if (logged !== 0 && now - logged < LOG_INTERVAL_MS) return;
    logged = now;
    const setting = limit === 'all' ? 'MAX_CONNECTIONS' : 'MAX_CONNECTIONS_PER_ADDRESS';
    logger.warn({ event: 'http.connection_refused', setting });
  };
}

/** One owner has all the addresses of a network /64 in IPv6, and one address in IPv4. */
export function ownerOf(address: string): string {
  // A dual-stack socket names an IPv4 address as ::ffff:192.0.2.1.
  const mapped = /^::ffff:(?<ipv4>[\d.]+)$/i.exec(address)?.groups?.ipv4;
  if (mapped !== undefined) return mapped;
  return isIPv6(address) ? networkOf(address) : address;
}

function networkOf(address: string): string {
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(tail === undefined ? 0 : 8 - groups.length - after.length).fill('0');
  return [...groups, ...zeros, ...after].slice(0, 4).join(':');
}
