import { isIP } from 'node:net';

/** The part of a request of Fastify and of Express that tells the address of the client. */
export interface AddressedRequest {
  /** The platform's own answer. It obeys the platform's setting for trusted proxies. */
  ip?: string;
  socket?: { remoteAddress?: string };
}

/**
 * The client of a request as a key for rate limits: an IPv4 address, or the first 64 bits of an IPv6 address, because one
 * host can use every address of such a network.
 */
export function clientAddressOf({ ip, socket }: AddressedRequest): string {
  return networkOf(ip ?? socket?.remoteAddress ?? '');
}

/** Exported for its test. */
export function networkOf(text: string): string {
  const address = withoutPort(text).replace(/^::ffff:(?=\d+\.)/i, '');
  const version = isIP(address);
  // A trusted proxy can pass on any text. All such requests share one key, so that the text cannot fill the memory.
  if (version === 0) return 'unknown';
  return version === 4 ? address : `${firstGroups(address).join(':')}::/64`;
}

// Some proxies add the port to the address in X-Forwarded-For.
function withoutPort(text: string): string {
  const [, ipv6, ipv4] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(text) ?? [];
  return ipv6 ?? ipv4 ?? text;
}

function firstGroups(ipv6: string): string[] {
  const [head = '', tail] = ipv6.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after].slice(0, 4);
  return groups.map((group) => parseInt(group, 16).toString(16));
}
