import { buildConnector, EnvHttpProxyAgent, Pool, type Dispatcher } from 'undici';
import { codeOf } from '../common';
import type { OutgoingOptions } from '../config';

export type Connector = buildConnector.connector;

export interface TlsSettings {
  rejectUnauthorized: boolean;
  /** The authorities, in PEM, that may sign the certificates; default: those of Node. */
  ca?: string;
}

export interface SocketSettings {
  connectMs: number;
  /** The longest wait for the headers of an answer, and the longest pause within its body. */
  answerMs: number;
  connectionsPerOrigin: number;
  /** Default: undici's 16 KB. */
  maxHeaderBytes?: number;
  /** How certificates of hosts are checked; default: Node's way. */
  tls?: TlsSettings;
  /** Opens connections without a proxy; default: undici's way. */
  connectDirectly?: Connector;
  /** Wraps what opens connections, to check the target before, or to name errors. */
  wrapConnector: (connect: Connector, way: 'direct' | 'proxy') => Connector;
}

// Shorter than the idle times of common gateways (five seconds and more), so that they rarely close a connection at the
// moment at which we reuse it.
const IDLE_MS = 4_000;
// A proxy is never asked for the machine that it would have to call back.
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Opens connections with deadlines, directly or through the CONNECT tunnel of a proxy. */
export function openSockets(
  settings: SocketSettings,
  proxies: Pick<OutgoingOptions, 'httpsProxy' | 'httpProxy' | 'noProxy'>,
): Dispatcher {
  const { connectMs, answerMs, tls } = settings;
  const timeouts = { headersTimeout: answerMs, bodyTimeout: answerMs };
  const direct = settings.connectDirectly ?? buildConnector({ timeout: connectMs });
  return new EnvHttpProxyAgent({
    ...timeouts,
    maxHeaderSize: settings.maxHeaderBytes,
    httpsProxy: proxies.httpsProxy,
    httpProxy: proxies.httpProxy,
    noProxy: withLoopback(proxies.noProxy),
    connections: settings.connectionsPerOrigin,
    pipelining: 1,
    keepAliveTimeout: IDLE_MS,
    connect: direct,
    // The TLS and TCP connection to the proxy, and the TLS connection to the host inside the tunnel.
    proxyTls: { timeout: connectMs },
    requestTls: { timeout: connectMs, ...tls },
    clientFactory: (proxy, connector) => new Pool(proxy, { ...connector, ...timeouts }),
    factory: (origin, pool: Pool.Options) => {
      const connect = pool.connect as Connector;
      const way = connect === direct ? 'direct' : 'proxy';
      return new Pool(origin, { ...pool, connect: settings.wrapConnector(connect, way) });
    },
  });
}

function withLoopback(noProxy: string): string {
  // undici knows the asterisk only alone.
  return noProxy.trim() === '*' ? '*' : [noProxy, ...LOOPBACK].join(',');
}

/** Returns the code of a failed attempt to connect, for the log. */
export function connectErrorCode(error: Error): string {
  const code = codeOf(error);
  if (code === 'UND_ERR_ABORTED') return 'PROXY_REJECTED_CONNECT';
  return code === 'UND_ERR_SOCKET' ? 'PROXY_CLOSED_CONNECTION' : code || error.name;
}
