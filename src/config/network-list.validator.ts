import { ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';
import { isIP } from 'node:net';

const NAMED_NETWORKS = ['loopback', 'linklocal', 'uniquelocal'];
const LONGEST_PREFIX: Record<number, number> = { 4: 32, 6: 128 };

/**
 * Accepts a list of addresses and networks. A number of proxies is not accepted, although other programs do: a client that
 * reaches the service directly could then choose its address, and Fastify ignores such a number for this reason.
 */
@ValidatorConstraint({ name: 'isNetworkList' })
export class IsNetworkList implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return Array.isArray(value) && value.every((entry) => isNetwork(String(entry)));
  }

  defaultMessage(): string {
    return `must list addresses or networks, such as 10.0.0.0/8, or ${NAMED_NETWORKS.join(', ')}, separated by commas`;
  }
}

function isNetwork(entry: string): boolean {
  if (NAMED_NETWORKS.includes(entry)) return true;
  const [address = '', bits, ...rest] = entry.split('/');
  const longest = LONGEST_PREFIX[isIP(address)];
  if (longest === undefined || rest.length > 0) return false;
  // A network of 0 bits would contain every client.
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= longest);
}
