import net from 'node:net';
import { runInThisContext } from 'node:vm';
import { answering, startReceiver } from '../../test/support/receiver';
import { closeAll } from '../../test/support/terra-client';
import { GuardedConnector } from './guarded-connector';
import { GuardedSockets } from './guarded-sockets';

const TARGET = { hostname: 'hooks.example.com', host: 'hooks.example.com', protocol: 'https:', port: '443' };
const INTERNET = { allowPrivateNetworks: false };

/** Opens a connection with a short deadline, and returns how that failed. */
function failureOf(resolve: () => Promise<string[]>): Promise<unknown> {
  const connector = new GuardedConnector({ resolve }, INTERNET, 300, { rejectUnauthorized: true });
  return new Promise((done) => connector.connectDirectly(TARGET, (...[error]) => done(error)));
}

afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

describe('R8: a connection to a receiver has a deadline of its own', () => {
  it('while a name server is silent', async () => {
    await expect(failureOf(() => new Promise(() => undefined))).resolves.toMatchObject({
      code: 'timed_out',
      detail: 'DNS',
    });
  });

  it('while TCP is silent, and its socket is destroyed then', async () => {
    const silent = new net.Socket();
    const connect = jest.spyOn(net, 'connect').mockImplementation(() => silent);
    const addresses = Array.from({ length: 50 }, (_, last) => `8.8.8.${last}`);
    await expect(failureOf(() => Promise.resolve(addresses))).resolves.toMatchObject({
      code: 'timed_out',
      detail: 'CONNECT',
    });
    expect(silent.destroyed).toBe(true);
    const { lookup } = connect.mock.calls[0]?.[0] as unknown as net.TcpSocketConnectOpts;
    const given = await new Promise((done) =>
      lookup?.('hooks.example.com', { all: true }, (_error, found) => done(found)),
    );
    // Each further address could cost an attempt.
    expect(given).toHaveLength(8);
  });
});

describe('T-18: the certificate of a receiver is checked', () => {
  // Jest gives tests a copy of the environment. TLS reads the one of the process.
  const { env } = runInThisContext('process') as NodeJS.Process;
  const { NODE_TLS_REJECT_UNAUTHORIZED: before } = env;
  afterEach(() => {
    if (before === undefined) delete env.NODE_TLS_REJECT_UNAUTHORIZED;
    else env.NODE_TLS_REJECT_UNAUTHORIZED = before;
  });

  it('also with NODE_TLS_REJECT_UNAUTHORIZED=0', async () => {
    const receiver = await startReceiver(answering(200));
    env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    const proxies = { httpsProxy: '', httpProxy: '', noProxy: '', circuitFailures: 0 };
    const resolve = (): Promise<string[]> => Promise.resolve(['127.0.0.1']);
    const { dispatcher } = new GuardedSockets({ allowPrivateNetworks: true }, proxies, { resolve });
    const { origin } = new URL(receiver.url);
    const answer = dispatcher.request({ origin, path: '/', method: 'GET' });
    await expect(answer).rejects.toMatchObject({ code: 'tls_failed', detail: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    await dispatcher.destroy();
  });
});
