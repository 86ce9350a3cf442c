import { createServer, type AddressInfo } from 'node:net';
import { hasCode, LauncherError, PortTakenError } from './launcher-error';

function listenOnce(port: number, host?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => {
      const bound = (server.address() as AddressInfo).port;
      server.close(() => resolve(bound));
    });
  });
}

/** Without a host the check covers every interface, as the servers that listen on all of them need it. */
export async function assertPortFree(
  port: number,
  wantedBy: string,
  variable: string,
  host?: string,
): Promise<void> {
  try {
    await listenOnce(port, host);
  } catch (error) {
    if (hasCode(error, 'EADDRINUSE')) throw new PortTakenError(port, wantedBy, variable);
    if (hasCode(error, 'EACCES')) {
      throw new LauncherError(
        `Port ${port} is not allowed for this user; ${wantedBy} wants it. Set ${variable} to another port.`,
      );
    }
    throw error;
  }
}

export function findFreePort(): Promise<number> {
  return listenOnce(0, '127.0.0.1');
}
