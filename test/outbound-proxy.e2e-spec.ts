import type { OutboundRequest } from '../src/outbound';
import { startConnectProxy, type ConnectProxy } from './support/connect-proxy';
import { answering, guardedClient, startReceiver, type Receiver } from './support/receiver';
import { closeAll, closeLater } from './support/terra-client';

const PUBLIC = '93.184.216.34';
const METADATA = '169.254.169.254';
const NAME = 'hooks.example.com';
const request = (url: string): OutboundRequest => ({
  method: 'POST',
  url,
  body: '{"a":1}',
  timeoutMs: 20_000,
  maxResponseBytes: 1_024,
});

let receiver: Receiver;

beforeEach(async () => {
  receiver = await startReceiver(answering(200, 'ok'));
});
afterEach(closeAll);

describe('T-18: with HTTPS_PROXY', () => {
  let proxy: ConnectProxy;

  beforeEach(async () => {
    proxy = await startConnectProxy();
    closeLater(() => proxy.close());
    proxy.port = receiver.port;
  });
  const send = (names: Record<string, string[][]>, noProxy = ''): Promise<{ status: number }> =>
    guardedClient({ names, allowPrivateNetworks: false, proxies: { httpsProxy: proxy.url, noProxy } }).send(
      request(`https://${NAME}/`),
    );

  it('a request goes through the proxy, by the name of its host', async () => {
    await expect(send({ [NAME]: [[PUBLIC]] })).resolves.toMatchObject({ status: 200 });
    expect(proxy.targets).toEqual([`${NAME}:443`]);
  });

  it('a name that leads to a forbidden address does not reach the proxy', async () => {
    await expect(send({ [NAME]: [[METADATA]] })).rejects.toMatchObject({
      code: 'address_forbidden',
      sent: false,
    });
    expect(proxy.targets).toEqual([]);
  });

  it('a name that only the proxy can resolve is left to the rules of the proxy', async () => {
    await expect(send({})).resolves.toMatchObject({ status: 200 });
    expect(proxy.targets).toEqual([`${NAME}:443`]);
  });

  it('a host in NO_PROXY is checked and called directly', async () => {
    await expect(send({ [NAME]: [['127.0.0.1']] }, NAME)).rejects.toMatchObject({
      code: 'address_forbidden',
    });
    expect(proxy.targets).toEqual([]);
  });

  it.each([
    ['reject', 'PROXY_REJECTED_CONNECT'],
    ['close', 'PROXY_CLOSED_CONNECTION'],
  ] as const)('a proxy that %ss is an error, at once', async (behaviour, detail) => {
    proxy.behaviour = behaviour;
    await expect(send({})).rejects.toMatchObject({ code: 'connection_failed', detail, sent: false });
  });

  it('the certificate is checked inside the tunnel', async () => {
    const sending = guardedClient({
      ca: null,
      names: {},
      allowPrivateNetworks: false,
      proxies: { httpsProxy: proxy.url },
    }).send(request(`https://${NAME}/`));
    await expect(sending).rejects.toMatchObject({ code: 'tls_failed', sent: false });
    const otherName = guardedClient({
      names: {},
      allowPrivateNetworks: false,
      proxies: { httpsProxy: proxy.url },
    }).send(request('https://other.example.com/'));
    await expect(otherName).rejects.toMatchObject({ code: 'tls_failed', sent: false });
    expect(receiver.received).toBe('');
  });
});
