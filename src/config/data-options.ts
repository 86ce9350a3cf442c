import {
  ValidatorConstraint,
  type ValidationArguments,
  type ValidatorConstraintInterface,
} from 'class-validator';
import { isIP } from 'node:net';

/** Terra's pointers to data: takers get the pointer, or the service fetches the data behind it. */
export const POINTER_MODES = ['forward', 'fetch'] as const;

/** How health data passes through the service, if a taker asks for it. */
export class DataOptions {
  /** How many hours at most the service keeps the body of a data event. */
  retentionHours: number;
  pointers: (typeof POINTER_MODES)[number];
  /** The hosts from which payloads may be fetched, each with every host below it. */
  pointerHosts: string[];
}

export const DATA_DEFAULTS: DataOptions = { retentionHours: 72, pointers: 'forward', pointerHosts: [] };

export const MAX_DATA_HOURS = 720;

const HOST = /^\.?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
// Every customer of these clouds can have a host below them.
const SHARED = /^(?:amazonaws\.com(?:\.cn)?|cloudfront\.net|googleapis\.com|windows\.net)$/;
// Second levels under which countries give out names: co.uk, com.au.
const PUBLIC_SECOND_LEVEL = /^(?:ac|co|com|edu|gov|net|org)\.[a-z]{2}$/;

/** Returns what is wrong with the list of hosts from which payloads may be fetched, or null. */
export function describePointerHostsProblem(
  hosts: unknown,
  pointers: DataOptions['pointers'],
): string | null {
  if (!Array.isArray(hosts)) return 'must list hosts';
  if (pointers === 'fetch' && hosts.length === 0)
    return 'must list the hosts from which payloads may be fetched, such as bucket.s3.eu-west-2.amazonaws.com: without them, nothing can be fetched';
  for (const [index, host] of hosts.entries()) {
    const problem = describeHostProblem(String(host));
    if (problem !== null) return `entry ${index + 1} ${problem}`;
  }
  return null;
}

function describeHostProblem(host: string): string | null {
  const name = host.toLowerCase().replace(/^\./, '');
  if (isIP(name) !== 0 || /^[\d.]+$/.test(name)) return 'must be the name of a host, not an address';
  if (!HOST.test(host)) return 'must be the name of a host, without https://, port, path and *';
  // For the sandbox. The service calls it only with OUTBOUND_ALLOW_PRIVATE.
  if (name === 'localhost') return null;
  const isTooWide = !name.includes('.') || SHARED.test(name) || PUBLIC_SECOND_LEVEL.test(name);
  return isTooWide ? 'is too wide: others can get a host below it. Name the host of the bucket' : null;
}

@ValidatorConstraint({ name: 'isPointerHostList' })
export class IsPointerHostList implements ValidatorConstraintInterface {
  validate(value: unknown, args: ValidationArguments): boolean {
    return this.describe(value, args) === null;
  }
  defaultMessage(args: ValidationArguments): string {
    return this.describe(args.value, args) ?? '';
  }
  private describe(value: unknown, { object }: ValidationArguments): string | null {
    const { PAYLOAD_POINTERS } = object as { PAYLOAD_POINTERS: DataOptions['pointers'] };
    return describePointerHostsProblem(value, PAYLOAD_POINTERS);
  }
}
