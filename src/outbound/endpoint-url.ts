import { isIP } from 'node:net';
import { domainToUnicode } from 'node:url';
import { addressKindOf, type AddressRules } from './address-policy';

const MAX_LENGTH = 2_048;
const MAX_HOST_LENGTH = 253;
// RFC 3986. Parsers disagree about all others: some drop them, some turn them into others.
const OTHER_CHARACTER = /[^\w\-.~:/?#[\]@!$&'()*+,;=%]/;
const AUTHORITY = /^https?:\/\/([^/?#]*)/i;
const HOST_AND_PORT = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/;
const PORT = /^[1-9]\d{0,4}$/;
const PORTS = new Set(['443', '8443']);
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
// Names that mean another host in each network (RFC 6761, RFC 6762, RFC 8375, RFC 9476, ICANN's .internal), and those that
// routers and companies use in this way.
const LOCAL_DOMAIN =
  /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|private|corp|home|lan|test|example|invalid|onion|alt|arpa)$/;

const NO_PRIVATE_HOST =
  'must name a host of the internet: private hosts need OUTBOUND_ALLOW_PRIVATE, a setting of the service';

/**
 * Returns what is wrong with the URL of a receiver, as a sentence without its subject, or null. A host name can still lead
 * to an address that the service does not call: it finds that out when it connects.
 */
export function describeEndpointUrlProblem(
  url: string,
  rules: AddressRules,
  maxLength = MAX_LENGTH,
): string | null {
  if (url.length > maxLength) return `must have at most ${maxLength} characters`;
  if (OTHER_CHARACTER.test(url))
    return 'must be in ASCII without spaces, backslashes and control characters: write a host like bücher.example as xn--bcher-kva.example, and percent-encode other characters';
  const authority = AUTHORITY.exec(url)?.[1];
  if (authority === undefined || (/^http:/i.test(url) && !rules.allowPrivateNetworks))
    return 'must start with https://';
  if (authority.includes('@'))
    return 'must not contain a user name or a password: verify the signature of the requests instead';
  if (url.includes('#')) return 'must not have a fragment (#…), which never reaches a server';
  const [, host = '', port] = HOST_AND_PORT.exec(authority) ?? [];
  if (host === '') return 'must have a host after https://';
  if (port !== undefined && !isAllowedPort(port, rules))
    return rules.allowPrivateNetworks
      ? 'must have a port from 1 to 65535, or none'
      : 'must have port 443 or 8443, or none';
  if (!URL.canParse(url)) return 'must have a valid host';
  const { hostname, protocol } = new URL(url);
  // A host that the parser changes (0x7f.1, 2130706433, %6c%6f) is a host that other parsers read differently.
  if (host.toLowerCase() !== hostname)
    return 'must have its host in the usual form, such as 192.0.2.1 or [2001:db8::1]';
  const address = hostname.replace(/^\[|\]$/g, '');
  return isIP(address) === 0
    ? describeNameProblem(hostname, rules)
    : describeAddressProblem(address, protocol, rules);
}

function isAllowedPort(port: string, { allowPrivateNetworks }: AddressRules): boolean {
  return PORTS.has(port) || (allowPrivateNetworks && PORT.test(port) && Number(port) <= 65_535);
}

function describeAddressProblem(address: string, protocol: string, rules: AddressRules): string | null {
  const kind = addressKindOf(address);
  if (kind === 'forbidden')
    return 'must not have a link-local, metadata, multicast, reserved or tunnel address as its host';
  if (kind === 'private') return rules.allowPrivateNetworks ? null : NO_PRIVATE_HOST;
  return protocol === 'https:' ? null : 'must start with https://';
}

function describeNameProblem(name: string, { allowPrivateNetworks }: AddressRules): string | null {
  if (name.endsWith('.')) return 'must have a host without a dot at its end';
  const labels = name.split('.');
  if (labels.some(isBrokenPunycode)) return 'must have a valid host';
  // No top-level domain starts with a digit, but some parsers read 127.0.0.1x as an address.
  const hasDomain = labels.length === 1 || /^[a-z]/.test(labels.at(-1) ?? '');
  if (name.length > MAX_HOST_LENGTH || !hasDomain || !labels.every((label) => LABEL.test(label)))
    return `must have a host of at most ${MAX_HOST_LENGTH} letters, digits, hyphens and single dots`;
  const isLocal = labels.length === 1 || LOCAL_DOMAIN.test(name);
  return isLocal && !allowPrivateNetworks ? NO_PRIVATE_HOST : null;
}

/** Newer versions of Node parse such a host, older ones refuse it; `domainToUnicode` decodes it in none. */
function isBrokenPunycode(label: string): boolean {
  return label.startsWith('xn--') && ['', label].includes(domainToUnicode(label));
}
