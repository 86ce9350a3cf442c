import dns from 'node:dns/promises';
import { HostResolver } from './host-resolver';

const noData = (): Promise<never> => Promise.reject(Object.assign(new Error(), { code: 'ENODATA' }));
const found =
  (...addresses: string[]) =>
  (): Promise<string[]> =>
    Promise.resolve(addresses);

describe('HostResolver', () => {
  let lookup: jest.SpyInstance;
  const answers = (v4: () => Promise<string[]>, v6: () => Promise<string[]>): void => {
    jest.spyOn(dns.Resolver.prototype, 'resolve4').mockImplementation(v4);
    jest.spyOn(dns.Resolver.prototype, 'resolve6').mockImplementation(v6);
  };
  beforeEach(() => {
    lookup = jest.spyOn(dns, 'lookup');
  });
  afterEach(() => jest.restoreAllMocks());

  it.each([
    [found('8.8.8.8'), noData, ['8.8.8.8']],
    [noData, found('2606:4700::1'), ['2606:4700::1']],
    [found('8.8.8.8', '8.8.4.4'), found('::1'), ['8.8.8.8', '8.8.4.4', '::1']],
  ])('finds the addresses of both families without a thread of Node', async (v4, v6, expected) => {
    answers(v4, v6);
    const resolver = new HostResolver({ allowPrivateNetworks: false });
    await expect(resolver.resolve('hooks.example.com')).resolves.toEqual(expected);
    expect(lookup).not.toHaveBeenCalled();
  });

  it('fails for a name without addresses', async () => {
    answers(noData, noData);
    const resolver = new HostResolver({ allowPrivateNetworks: false });
    await expect(resolver.resolve('hooks.example.com')).rejects.toMatchObject({ code: 'ENODATA' });
  });

  it('asks the system where private hosts are allowed, which knows their names', async () => {
    const resolver = new HostResolver({ allowPrivateNetworks: true });
    const addresses = await resolver.resolve('localhost');
    expect(addresses.every((address) => ['127.0.0.1', '::1'].includes(address))).toBe(true);
    expect(lookup).toHaveBeenCalledTimes(1);
  });
});
