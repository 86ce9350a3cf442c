import { buildConnector, EnvHttpProxyAgent, Pool, type Dispatcher } from 'undici';
import type { OutgoingOptions } from '../config';
import { codeOf, RequestNotSentError } from './request-not-sent.error';

export interface SocketDeadlines {
  connectMs: number;
  /** The longest wait for the headers of the answer, and the longest pause within its body. */
  answerMs: number;
}

const MAX_CONNECTIONS_PER_ORIGIN = 64;
// Shorter than the idle times of common gateways (five seconds and more), so that they rarely close a connection at the
// moment at which we reuse it.
const IDLE_MS = 4_000;
// A proxy is never asked for the machine that it would have to call back.
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Opens the connections to Terra, with deadlines, directly or through the CONNECT tunnel of a proxy. */
export function outgoingSockets(deadlines: SocketDeadlines, options: OutgoingOptions): Dispatcher {
  const { connectMs, answerMs } = deadlines;
  const timeouts = { headersTimeout: answerMs, bodyTimeout: answerMs };
  return new EnvHttpProxyAgent({
    ...timeouts,
    httpsProxy: options.httpsProxy,
    httpProxy: options.httpProxy,
    noProxy: withLoopback(options.noProxy),
    connections: MAX_CONNECTIONS_PER_ORIGIN,
    pipelining: 1,
    keepAliveTimeout: IDLE_MS,
    connect: buildConnector({ timeout: connectMs }),
    // The TLS and TCP connection to the proxy, and the TLS connection to Terra inside the tunnel.
    proxyTls: { timeout: connectMs },
    requestTls: { timeout: connectMs },
    clientFactory: (proxy, connector) => new Pool(proxy, { ...connector, ...timeouts }),
    factory: (origin, pool) => new Pool(origin, namingConnectErrors(pool)),
  });
}

function withLoopback(noProxy: string): string {
  // undici knows the asterisk only alone.
  return noProxy.trim() === '*' ? '*' : [noProxy, ...LOOPBACK].join(',');
}

/**
 * Gives every failed attempt to connect one error of ours. undici repeats an attempt without an end if its error looks
 * like that of a lost connection, which is what a proxy causes that closes during CONNECT: 400 attempts a second.
 */
function namingConnectErrors(pool: Pool.Options): Pool.Options {
  const connect = pool.connect as buildConnector.connector;
  return {
    ...pool,
    connect: (target, done) =>
      connect(target, (error, socket) => {
        if (error) done(new RequestNotSentError('no_connection', reasonOf(error)), null);
        else done(null, socket);
      }),
  };
}

function reasonOf(error: Error): string {
  const code = codeOf(error);
  if (code === 'UND_ERR_ABORTED') return 'PROXY_REJECTED_CONNECT';
  return code === 'UND_ERR_SOCKET' ? 'PROXY_CLOSED_CONNECTION' : code || error.name;
}
