import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { buildConnector } from 'undici';
import { codeOf } from '../common';
import { isAllowedAddress, isSameAddress, type AddressRules } from './address-policy';
import type { HostResolver } from './host-resolver';
import { OutboundError } from './outbound.error';
import { connectErrorCode, type Connector, type TlsSettings } from './outgoing-sockets';

type Target = buildConnector.Options;

// A name with more addresses does not need them, and each may cost an attempt.
const MAX_ADDRESSES = 8;

/** Opens connections only to addresses that the rules allow. */
export class GuardedConnector {
  private readonly upgradeToTls: Connector;

  constructor(
    private readonly resolver: Pick<HostResolver, 'resolve'>,
    private readonly rules: AddressRules,
    private readonly connectMs: number,
    tls: TlsSettings,
  ) {
    this.upgradeToTls = buildConnector({ timeout: connectMs, ...tls });
  }

  /**
   * Resolves the name once and connects to one of the addresses that it has checked (T-18): a second answer of a name server
   * has no effect. The address of the peer is checked before the first byte is written, because what is between us and the
   * kernel (a hook, a network policy) may lead elsewhere.
   */
  readonly connectDirectly: Connector = (target, done) => {
    this.openDirectly(target).then(
      (socket) => done(null, socket),
      (error: unknown) => done(error as Error, null),
    );
  };

  /**
   * Checks what the name of a target means here, then lets the proxy resolve it again: proxies allow and log names. Where
   * only the proxy can resolve names, its own rules are the guard.
   */
  readonly beforeProxy =
    (connect: Connector): Connector =>
    (target, done) => {
      const open = (): void =>
        connect(target, (error, socket) => {
          if (error) done(connectError(error), null);
          else done(null, socket);
        });
      this.allowedAddressesOf(target).then(open, (error: OutboundError) =>
        error.code === 'name_unresolved' ? open() : done(error, null),
      );
    };

  private async openDirectly(target: Target): Promise<Socket> {
    const deadline = Date.now() + this.connectMs;
    const addresses = await beforeDeadline(this.allowedAddressesOf(target), this.connectMs, 'DNS');
    const socket = await openTcp(target, addresses, Math.max(1, deadline - Date.now()));
    if (target.protocol !== 'https:') return socket;
    return new Promise((resolve, reject) => {
      this.upgradeToTls({ ...target, httpSocket: socket }, (error, secured) => {
        if (!error) return resolve(secured);
        socket.destroy();
        reject(connectError(error));
      });
    });
  }

  private async allowedAddressesOf({ hostname, protocol }: Target): Promise<string[]> {
    const addresses = isIP(hostname) === 0 ? await this.resolve(hostname) : [hostname];
    // A name with a single forbidden address is refused as a whole. An honest name has none.
    if (!addresses.every((address) => isAllowedAddress(address, protocol, this.rules)))
      throw new OutboundError('address_forbidden', 'FORBIDDEN_ADDRESS');
    return addresses.slice(0, MAX_ADDRESSES);
  }

  private async resolve(hostname: string): Promise<string[]> {
    const addresses = await this.resolver.resolve(hostname).catch((error: unknown) => {
      throw new OutboundError('name_unresolved', codeOf(error) || 'DNS');
    });
    if (addresses.length === 0) throw new OutboundError('name_unresolved', 'ENODATA');
    return addresses;
  }
}

/** Opens a TCP connection to one of the addresses; of several, Node tries one after the other. */
function openTcp({ hostname, port, protocol }: Target, addresses: string[], ms: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({
      host: hostname,
      port: Number(port) || (protocol === 'https:' ? 443 : 80),
      noDelay: true,
      keepAlive: true,
      autoSelectFamily: true,
      lookup: (_name, { all }, done) => {
        const found = addresses.map((address) => ({ address, family: isIP(address) }));
        if (all) done(null, found);
        else done(null, addresses[0] ?? '', found[0]?.family);
      },
    });
    const timer = setTimeout(() => fail(new OutboundError('timed_out', 'CONNECT')), ms);
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const failed = (error: Error): void => fail(connectError(error));
    socket.once('error', failed).once('connect', () => {
      const peer = socket.remoteAddress ?? '';
      if (!addresses.some((address) => isSameAddress(address, peer)))
        return fail(new OutboundError('address_forbidden', 'OTHER_PEER'));
      clearTimeout(timer);
      socket.off('error', failed).on('error', () => undefined);
      resolve(socket);
    });
  });
}

async function beforeDeadline<T>(work: Promise<T>, ms: number, detail: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new OutboundError('timed_out', detail)), ms);
  });
  return Promise.race([work, deadline]).finally(() => clearTimeout(timer));
}

/**
 * Gives a failed attempt to connect an error of ours. Those of the system and of undici have codes like ECONNRESET and
 * UND_ERR_SOCKET; all others come from TLS. With the latter of the two, undici would repeat the attempt without an end.
 */
function connectError(error: Error): OutboundError {
  if (error instanceof OutboundError) return error;
  const code = connectErrorCode(error);
  if (code === 'ETIMEDOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') return new OutboundError('timed_out', code);
  const isTls =
    code === 'EPROTO' || code === 'UND_ERR_PRX_TLS' || /^(?!E[A-Z0-9]+$|UND_ERR|PROXY_)/.test(code);
  return new OutboundError(isTls ? 'tls_failed' : 'connection_failed', code);
}
