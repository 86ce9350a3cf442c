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

/** Throws unless the port is free. Checks all interfaces and the loopback address, because on some systems only one of them is taken. */
export async function assertPortFree(port: number, neededBy: string, variable: string): Promise<void> {
  try {
    await listenOnce(port);
    await listenOnce(port, '127.0.0.1');
  } catch (error) {
    if (hasCode(error, 'EADDRINUSE')) throw new PortTakenError(port, neededBy, variable);
    if (hasCode(error, 'EACCES')) {
      throw new LauncherError(
        `This user may not listen on port ${port}, which ${neededBy} needs. Set ${variable} to another port.`,
      );
    }
    throw error;
  }
}

export function findFreePort(): Promise<number> {
  return listenOnce(0, '127.0.0.1');
}
