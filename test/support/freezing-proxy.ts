import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Forwards TCP connections, and can make them silent: they stay open, and nothing gets through any more. */
export interface FreezingProxy {
  /** The URL of the database through the proxy. */
  url: string;
  /** Makes the connections that are open now silent for ever. New connections work. */
  freezeOpenConnections: () => void;
  /** Makes new connections silent, too, until `thaw`. */
  freezeEverything: () => void;
  thaw: () => void;
  close: () => Promise<void>;
}

export async function startFreezingProxy(url: string): Promise<FreezingProxy> {
  const { hostname, port } = new URL(url);
  const pairs = new Set<[Socket, Socket]>();
  let frozen = false;
  const freeze = ([client, server]: [Socket, Socket]): void => {
    for (const socket of [client, server]) {
      socket.unpipe();
      socket.pause();
    }
  };
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname);
    const pair: [Socket, Socket] = [client, server];
    pairs.add(pair);
    client.pipe(server).pipe(client);
    if (frozen) freeze(pair);
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        pairs.delete(pair);
        pair.forEach((one) => one.destroy());
      });
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const freezeOpenConnections = (): void => pairs.forEach(freeze);
  const proxied = new URL(url);
  proxied.port = String((proxy.address() as AddressInfo).port);
  return {
    url: proxied.href,
    freezeOpenConnections,
    freezeEverything: () => {
      frozen = true;
      freezeOpenConnections();
    },
    thaw: () => {
      frozen = false;
    },
    close: () => {
      pairs.forEach((pair) => pair.forEach((socket) => socket.destroy()));
      return new Promise((resolve) => proxy.close(() => resolve()));
    },
  };
}
