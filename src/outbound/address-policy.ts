import ipaddr from 'ipaddr.js';

/**
 * - `public`: a host of the internet
 * - `private`: this machine, or a network of the operator: loopback, RFC 1918, RFC 6598, RFC 4193
 * - `forbidden`: never a receiver: link-local, cloud metadata, multicast, unspecified, reserved, tunnels
 */
export type AddressKind = 'public' | 'private' | 'forbidden';

export interface AddressRules {
  /** Whether the service may call private addresses, and these also without TLS. */
  allowPrivateNetworks: boolean;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

// Services of a cloud that give credentials to whoever asks. They are outside of the link-local range, which is forbidden
// as a whole: Alibaba, Azure, Amazon (IPv6), Google (IPv6).
const METADATA = ['100.100.100.200/32', '168.63.129.16/32', 'fd00:ec2::/32', 'fd20:ce::/32'].map((network) =>
  ipaddr.parseCIDR(network),
);
const PRIVATE: ReadonlySet<string> = new Set(['private', 'loopback', 'carrierGradeNat', 'uniqueLocal']);
// IANA gives out no other IPv6 addresses for hosts of the internet.
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
// A translator turns such an address into the IPv4 address in its last four bytes (RFC 6052). The network for local use,
// 64:ff9b:1::/48, is not in this prefix: only its operator knows where the IPv4 address is.
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/** Returns what kind of host an IPv4 or IPv6 address leads to. What is no address is forbidden. */
export function addressKindOf(text: string): AddressKind {
  return ipaddr.isValid(text) ? kindOf(ipaddr.parse(text)) : 'forbidden';
}

function kindOf(address: Address): AddressKind {
  if (METADATA.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits)))
    return 'forbidden';
  if (address instanceof ipaddr.IPv6) {
    if (address.isIPv4MappedAddress()) return kindOf(address.toIPv4Address());
    // RFC 6052, 3.1: this prefix must not be used for private IPv4 addresses.
    if (address.match(NAT64)) return kindOf(embeddedIn(address)) === 'public' ? 'public' : 'forbidden';
  }
  const range = address.range();
  if (PRIVATE.has(range)) return 'private';
  const isGlobal = address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST);
  return range === 'unicast' && isGlobal ? 'public' : 'forbidden';
}

function embeddedIn(address: ipaddr.IPv6): ipaddr.IPv4 {
  return new ipaddr.IPv4(address.toByteArray().slice(-4));
}

/** Returns whether the service may open a connection to the address. Without TLS, it calls only private addresses. */
export function isAllowedAddress(
  address: string,
  protocol: string,
  { allowPrivateNetworks }: AddressRules,
): boolean {
  const kind = addressKindOf(address);
  return kind === 'public' ? protocol === 'https:' : kind === 'private' && allowPrivateNetworks;
}

/** Whether both are the same address, however each is written. */
export function isSameAddress(one: string, other: string): boolean {
  if (!ipaddr.isValid(one) || !ipaddr.isValid(other)) return false;
  return ipaddr.process(one).toNormalizedString() === ipaddr.process(other).toNormalizedString();
}
