import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutboundRequest } from '../src/outbound';
import { answering, guardedClient, startReceiver, type Receiver } from './support/receiver';
import { closeAll } from './support/terra-client';

const PUBLIC = '93.184.216.34';
const METADATA = '169.254.169.254';
const NAME = 'hooks.example.com';
const words = (text: string): string[] => text.trim().split(/\s+/);
const request = (url: string): OutboundRequest => ({
  method: 'POST',
  url,
  body: '{"a":1}',
  timeoutMs: 20_000,
  maxResponseBytes: 1_024,
});

let receiver: Receiver;
let connects: jest.SpyInstance<net.Socket, [net.TcpNetConnectOpts]>;

beforeEach(async () => {
  receiver = await startReceiver(answering(200, 'ok'));
  connects = jest.spyOn(net, 'connect') as never;
});
afterEach(async () => {
  jest.restoreAllMocks();
  await closeAll();
});

describe('T-18: a name of a receiver', () => {
  it.each(
    words(`
    127.0.0.1 93.184.216.34,10.0.0.1 192.168.1.1,93.184.216.34 172.16.0.1 169.254.169.254 100.64.0.1 100.100.100.200
    168.63.129.16 0.0.0.0 224.0.0.1 255.255.255.255 192.0.2.1 198.18.0.1 ::1 :: fe80::1 fe80::1%eth0 fd00::1 fd00:ec2::254
    ff02::1 ::ffff:127.0.0.1 ::ffff:a9fe:a9fe 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::808:808 2002:7f00:1:: 2001::1
    2001:db8::1 ::7f00:1 no-address 127.1 0x7f.1 2130706433 93.184.216.34,
    `),
  )('opens no connection if it leads to %s', async (addresses) => {
    const client = guardedClient({ names: { [NAME]: [addresses.split(',')] }, allowPrivateNetworks: false });
    await expect(client.send(request(`https://${NAME}:8443/`))).rejects.toMatchObject({
      code: 'address_forbidden',
      sent: false,
    });
    expect(connects).not.toHaveBeenCalled();
  });

  it.each(
    words(`
    169.254.169.254 169.254.170.2 100.100.100.200 168.63.129.16 fd00:ec2::254 fe80::1 0.0.0.0 :: 224.0.0.1
    ::ffff:169.254.169.254 64:ff9b::7f00:1
    `),
  )('opens no connection to %s with OUTBOUND_ALLOW_PRIVATE either', async (address) => {
    const client = guardedClient({ names: { [NAME]: [['127.0.0.1', address]] } });
    await expect(client.send(request(receiver.url))).rejects.toMatchObject({ code: 'address_forbidden' });
    expect(connects).not.toHaveBeenCalled();
  });

  it('is not called without TLS if it leads to the internet', async () => {
    const client = guardedClient({ names: { [NAME]: [[PUBLIC]] } });
    await expect(client.send(request(`http://${NAME}/`))).rejects.toMatchObject({
      code: 'address_forbidden',
    });
    expect(connects).not.toHaveBeenCalled();
  });

  it('is resolved once per connection: a second answer of a rebinding name server is not used', async () => {
    const client = guardedClient({ names: { [NAME]: [['127.0.0.1'], [METADATA]] } });
    await expect(client.send(request(receiver.url))).resolves.toMatchObject({ status: 200 });
    // Until undici has marked the connection as idle; then the next request uses it.
    await sleep(100);
    await expect(client.send(request(receiver.url))).resolves.toMatchObject({ status: 200 });
    expect([client.resolved, receiver.connections]).toEqual([[NAME], 1]);
    const other = await startReceiver(answering(200));
    await expect(client.send(request(other.url))).rejects.toMatchObject({ code: 'address_forbidden' });
    expect(other.connections).toBe(0);
  });

  it('is pinned: Node gets only the checked addresses', async () => {
    const client = guardedClient({
      names: { [NAME]: [[PUBLIC, '2606:4700::1'], ['127.0.0.1']] },
      allowPrivateNetworks: false,
    });
    connects.mockImplementation(() => {
      const socket = new net.Socket();
      setImmediate(() => socket.destroy(Object.assign(new Error(), { code: 'ECONNREFUSED' })));
      return socket;
    });
    await expect(client.send(request(`https://${NAME}/`))).rejects.toMatchObject({
      code: 'connection_failed',
      sent: false,
    });
    const { lookup, port } = connects.mock.calls[0]?.[0] ?? {};
    expect(port).toBe(443);
    const given = await new Promise((resolve) =>
      lookup?.(NAME, { all: true }, (_error, found) => resolve(found)),
    );
    expect(given).toEqual([
      { address: PUBLIC, family: 4 },
      { address: '2606:4700::1', family: 6 },
    ]);
    expect(client.resolved).toEqual([NAME]);
  });

  it('gets no byte if the socket turns out to be connected to another address', async () => {
    const client = guardedClient({ names: { [NAME]: [[PUBLIC]] }, allowPrivateNetworks: false });
    // As a hook or a network policy between us and the kernel would do.
    connects.mockImplementation(() => new net.Socket().connect(receiver.port, '127.0.0.1'));
    await expect(client.send(request(`https://${NAME}/`))).rejects.toMatchObject({
      code: 'address_forbidden',
      detail: 'OTHER_PEER',
    });
    expect(receiver.received).toBe('');
  });

  it.each([
    ['http', '127.0.0.1'],
    ['http', '[::1]'],
  ])('may be an address: %s://%s', async (scheme, host) => {
    const plain = await startReceiver(answering(204), 'tcp');
    const sending = guardedClient().send(request(`${scheme}://${host}:${plain.port}/`));
    if (host === '127.0.0.1') await expect(sending).resolves.toMatchObject({ status: 204 });
    else await expect(sending).rejects.toMatchObject({ code: 'connection_failed', sent: false });
  });

  it.each([
    [{}, 'ENOTFOUND'],
    [{ [NAME]: [[]] }, 'ENODATA'],
  ])('without an address is an error: %j', async (names, detail) => {
    await expect(guardedClient({ names }).send(request(receiver.url))).rejects.toMatchObject({
      code: 'name_unresolved',
      detail,
      sent: false,
    });
  });
});

describe('T-18: the certificate of a receiver', () => {
  it('must be signed by an authority', async () => {
    await expect(guardedClient({ ca: null }).send(request(receiver.url))).rejects.toMatchObject({
      code: 'tls_failed',
      detail: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      sent: false,
    });
    expect(receiver.received).toBe('');
  });

  it('must be for the name in the URL', async () => {
    const client = guardedClient({ names: { 'other.example.com': [['127.0.0.1']] } });
    await expect(client.send(request(receiver.url.replace(NAME, 'other.example.com')))).rejects.toMatchObject(
      {
        code: 'tls_failed',
        detail: 'ERR_TLS_CERT_ALTNAME_INVALID',
        sent: false,
      },
    );
    expect(receiver.received).toBe('');
  });

  it('cannot be left out: a server without TLS gets no request', async () => {
    const plain = await startReceiver(answering(200), 'tcp');
    const sending = guardedClient().send({
      ...request(plain.url.replace('http:', 'https:')),
      timeoutMs: 1_000,
    });
    await expect(sending).rejects.toMatchObject({ sent: false });
    expect(plain.received).not.toContain('POST');
  });
});
