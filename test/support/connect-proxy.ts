import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

export interface ConnectProxy {
  url: string;
  /** The targets of all CONNECT requests, such as `terra.test:443`. */
  targets: string[];
  authorizations: (string | undefined)[];
  /** The first byte that each tunnel carried. */
  firstBytes: number[];
  /** `tunnel` connects every target to `port`; the others are faults. */
  behaviour: 'tunnel' | 'reject' | 'close' | 'silent';
  port: number;
  close(): Promise<void>;
}

/** A real CONNECT proxy. It resolves every host name to a server of the test, so the names need not exist. */
export async function startConnectProxy(): Promise<ConnectProxy> {
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  });
  server.on('connect', (request, client: Socket) => {
    proxy.targets.push(request.url ?? '');
    proxy.authorizations.push(request.headers['proxy-authorization']);
    if (proxy.behaviour === 'silent') return;
    if (proxy.behaviour === 'close') return void client.destroy();
    if (proxy.behaviour === 'reject')
      return void client.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
    client.once('data', (chunk: Buffer) => proxy.firstBytes.push(chunk[0] ?? -1));
    const upstream = connect(proxy.port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      client.pipe(upstream).pipe(client);
    });
    sockets.add(upstream);
    upstream.on('error', () => client.destroy()).once('close', () => client.destroy());
    client.once('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: ConnectProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    targets: [],
    authorizations: [],
    firstBytes: [],
    behaviour: 'tunnel',
    port: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return proxy;
}
