import { Injectable } from '@nestjs/common';
import { lookup, Resolver } from 'node:dns/promises';
import { OutboundOptions } from '../config';

const QUERY = { timeout: 2_000, tries: 2 };

/** Finds the addresses of a host name. */
@Injectable()
export class HostResolver {
  private readonly dns = new Resolver(QUERY);

  constructor(private readonly options: OutboundOptions) {}

  /**
   * Names of the internet are asked for over the network, without a thread. The resolver of the system blocks one of Node's
   * four threads, so that a few receivers with a silent name server would stop every other lookup of the process. But only
   * the system knows the names of a private network: /etc/hosts, search domains.
   *
   * @throws Error with a code when the name has no address
   */
  async resolve(hostname: string): Promise<string[]> {
    if (this.options.allowPrivateNetworks) {
      const found = await lookup(hostname, { all: true });
      return found.map(({ address }) => address);
    }
    const [v4, v6] = await Promise.allSettled([this.dns.resolve4(hostname), this.dns.resolve6(hostname)]);
    // Many hosts have addresses of one family only, which is an error for the other.
    if (v4.status === 'rejected' && v6.status === 'rejected') throw v4.reason;
    return [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  }
}
