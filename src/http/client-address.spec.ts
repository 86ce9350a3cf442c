import { clientAddressOf, networkOf } from './client-address';

describe('T-21: the address by which a client is limited', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:49152', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::99', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::99]:443', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::99]', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['1:2:3::', '1:2:3:0::/64'],
  ])('is, for %s, %s', (address, expected) => {
    expect(networkOf(address)).toBe(expected);
  });

  it.each(['', 'unix:', 'x'.repeat(10_000), '1.2.3', '_hidden', '203.0.113.7, 1.2.3.4'])(
    'is one and the same for %j, which is no address',
    (text) => {
      expect(networkOf(text)).toBe('unknown');
    },
  );

  it("is the platform's address, or that of the socket", () => {
    const socket = { remoteAddress: '192.0.2.1' };
    expect(clientAddressOf({ ip: '203.0.113.7', socket })).toBe('203.0.113.7');
    expect(clientAddressOf({ socket })).toBe('192.0.2.1');
    expect(clientAddressOf({})).toBe('unknown');
  });
});
