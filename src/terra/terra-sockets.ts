import type { Dispatcher } from 'undici';
import type { OutgoingOptions } from '../config';
import { connectErrorCode, openSockets, type Connector, type SocketSettings } from '../outbound';
import { RequestNotSentError } from './request-not-sent.error';

const MAX_CONNECTIONS_PER_ORIGIN = 64;

/** Opens the connections to Terra, with deadlines, directly or through the CONNECT tunnel of a proxy. */
export function terraSockets(
  deadlines: Pick<SocketSettings, 'connectMs' | 'answerMs'>,
  options: OutgoingOptions,
): Dispatcher {
  const connectionsPerOrigin = MAX_CONNECTIONS_PER_ORIGIN;
  return openSockets({ ...deadlines, connectionsPerOrigin, wrapConnector: namingConnectErrors }, options);
}

/**
 * Gives every failed attempt to connect one error of ours. undici repeats an attempt without an end if its error looks
 * like that of a lost connection, which is what a proxy causes that closes during CONNECT: 400 attempts a second.
 */
function namingConnectErrors(connect: Connector): Connector {
  return (target, done) =>
    connect(target, (error, socket) => {
      if (error) done(new RequestNotSentError('no_connection', connectErrorCode(error)), null);
      else done(null, socket);
    });
}
