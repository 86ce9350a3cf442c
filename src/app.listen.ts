import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

const EVERY_ADDRESS = '::';
const EVERY_IPV4_ADDRESS = '0.0.0.0';

/** The server cannot listen. The text says which setting to change. */
export class ListenError extends Error {
  override name = 'ListenError';
}

/** The host to listen on for LISTEN_ADDRESS. `::` means every address; where the system has no IPv6, every IPv4 address. */
export async function hostFor(
  address: string,
  hasIpv6: () => Promise<boolean> = canListenOnIpv6,
): Promise<string> {
  return address === EVERY_ADDRESS && !(await hasIpv6()) ? EVERY_IPV4_ADDRESS : address;
}

/**
 * @returns the address and the port in use, such as `[::]:3000`
 * @throws ListenError when the address or the port cannot be used
 */
export async function listen(app: NestFastifyApplication, port: number, host: string): Promise<string> {
  try {
    await app.listen(port, host);
  } catch (error) {
    throw listenErrorOf(error, port, host) ?? error;
  }
  const bound = app.getHttpServer().address() as AddressInfo;
  return bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}

// Without IPv6 in the kernel, each attempt to listen on :: fails, whatever the port.
async function canListenOnIpv6(): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen({ port: 0, host: EVERY_ADDRESS });
    await once(probe, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}

/** @param variable the setting of the port */
export function listenErrorOf(
  error: unknown,
  port: number,
  host: string,
  variable = 'PORT',
): ListenError | null {
  const { code } = (error ?? {}) as { code?: unknown };
  switch (code) {
    case 'EADDRINUSE':
      return new ListenError(
        `Port ${port} is in use. Stop the other program, or set ${variable} to another port.`,
      );
    case 'EACCES':
      return new ListenError(
        `This user may not listen on port ${port}. Set ${variable} to another port, 1024 or higher.`,
      );
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return new ListenError(
        `This machine has no address ${host}. Set LISTEN_ADDRESS to one of its addresses, or to :: for all of them.`,
      );
    default:
      return null;
  }
}
