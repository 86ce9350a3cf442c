import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PathProxy {
  /** The public URL of the service: the address of the proxy, with a path. */
  url: string;
  /** Where the proxy sends requests, from now on. */
  forwardTo: (origin: string) => void;
  close: () => Promise<void>;
}

/**
 * A proxy that serves the service below a path and normalises the rest, as nginx does when `proxy_pass` has a path: it
 * decodes `%2F`, joins `//` and resolves `..`.
 */
export async function startPathProxy(path: string): Promise<PathProxy> {
  let target = '';
  const server: Server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', 'http://proxy');
    const { hostname, port } = new URL(target);
    const forwarded = request(
      {
        hostname,
        port,
        path: normalise(url.pathname.slice(path.length)) + url.search,
        method: incoming.method,
        headers: incoming.headers,
        agent: false,
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    forwardTo: (origin) => (target = origin),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function normalise(path: string): string {
  const decoded = path.replaceAll(/%2f/gi, '/').replaceAll(/\/{2,}/g, '/');
  return new URL(decoded, 'http://proxy').pathname;
}
