import type { Dispatcher } from 'undici';
import type { OutgoingOptions } from '../config';
import type { AddressRules } from './address-policy';
import { GuardedConnector } from './guarded-connector';
import type { HostResolver } from './host-resolver';
import { openSockets } from './outgoing-sockets';

/** How many requests a process sends to one origin at a time. Further ones are `busy`. */
export const MAX_REQUESTS_PER_ORIGIN = 64;

const CONNECT_MS = 5_000;
const ANSWER_MS = 30_000;
const MAX_HEADER_BYTES = 16 * 1_024;

/** The connections of {@link GuardedHttpClient}. Each was checked by a {@link GuardedConnector}. */
export class GuardedSockets {
  readonly dispatcher: Dispatcher;

  /** @param ca the authorities, in PEM, that may sign certificates; default: those of Node */
  constructor(
    rules: AddressRules,
    proxies: OutgoingOptions,
    resolver: Pick<HostResolver, 'resolve'>,
    ca?: string,
  ) {
    // Explicit, because the variable NODE_TLS_REJECT_UNAUTHORIZED would switch the check off for the whole process.
    const tls = { rejectUnauthorized: true, ca };
    const connector = new GuardedConnector(resolver, rules, CONNECT_MS, tls);
    this.dispatcher = openSockets(
      {
        connectMs: CONNECT_MS,
        answerMs: ANSWER_MS,
        connectionsPerOrigin: MAX_REQUESTS_PER_ORIGIN,
        maxHeaderBytes: MAX_HEADER_BYTES,
        tls,
        connectDirectly: connector.connectDirectly,
        wrapConnector: (connect, way) => (way === 'direct' ? connect : connector.beforeProxy(connect)),
      },
      proxies,
    );
  }
}
