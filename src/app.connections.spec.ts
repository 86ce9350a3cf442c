import { fastify, type FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { connectionTimes, limitConnections, ownerOf } from './app.connections';
import type { ConnectionLimits } from './config';
import { Metrics } from './observability';

describe('T-21: the connections that strangers open', () => {
  let server: FastifyInstance | undefined;
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await server?.close();
  });

  const start = async (limits: Partial<ConnectionLimits>): Promise<Metrics> => {
    const all = { max: 1_000, maxPerAddress: 0, keepAliveSeconds: 75, ...limits };
    const metrics = new Metrics();
    server = fastify(connectionTimes(all));
    server.post('/', () => 'ok');
    limitConnections(server, all, metrics);
    await server.listen({ port: 0, host: '127.0.0.1' });
    return metrics;
  };
  /** Opens a connection, sends the text, and returns what the server sends until it closes the connection. */
  const open = (text = ''): { socket: Socket; received: Promise<string> } => {
    const socket = connect((server?.server.address() as AddressInfo).port, '127.0.0.1');
    sockets.push(socket);
    if (text) socket.write(text);
    let all = '';
    socket.setEncoding('utf8').on('data', (part: string) => (all += part));
    socket.on('error', () => undefined);
    return { socket, received: once(socket, 'close').then(() => all) };
  };
  const answers = async ({ socket }: { socket: Socket }): Promise<boolean> => {
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
    const [data] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as unknown[];
    return typeof data === 'string' && data.startsWith('HTTP/1.1 200');
  };

  it.each([
    ['sends nothing', ''],
    ['stops inside its headers', 'POST / HTTP/1.1\r\nHost: a'],
    [
      'stops inside its body',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nx',
    ],
  ])(
    'a connection that %s is closed',
    async (_case, text) => {
      await start({});
      expect(server?.server).toMatchObject({
        headersTimeout: 10_000,
        requestTimeout: 30_000,
        keepAliveTimeout: 75_000,
      });
      // The same times in a hundredth. The interval of Node's checks stays as it is.
      Object.assign(server?.server ?? {}, { headersTimeout: 100, requestTimeout: 300 });
      expect(await open(text).received).toMatch(/^HTTP\/1\.1 408 /);
    },
    20_000,
  );

  it('above the limit in all, further connections are closed at once, and the open ones go on', async () => {
    const metrics = await start({ max: 2 });
    const [first, second] = [open(), open()];
    expect(await answers(first)).toBe(true);
    expect(await answers(second)).toBe(true);
    expect(await open().received).toBe('');
    expect(await answers(first)).toBe(true);
    expect(await metrics.scrape()).toContain('terra_connect_connections_refused_total{limit="all"} 1');
    second.socket.destroy();
    await second.received;
    await eventually(() => answers(open()));
  });

  it('above the limit of one address, its further connections are closed at once', async () => {
    const metrics = await start({ maxPerAddress: 2 });
    const [first, second] = [open(), open()];
    expect(await answers(first)).toBe(true);
    expect(await answers(second)).toBe(true);
    expect(await open().received).toBe('');
    expect(await metrics.scrape()).toContain('terra_connect_connections_refused_total{limit="address"} 1');
    second.socket.destroy();
    await eventually(() => answers(open()));
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::6', '2001:db8:1:2'],
    ['2001:db8::6', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('the address %s counts for %s', (address, owner) => {
    expect(ownerOf(address)).toBe(owner);
  });
});

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('It did not become true.');
}
