import { Module } from '@nestjs/common';
import { OutboundOptions, OutgoingOptions } from '../config';
import { GuardedHttpClient } from './guarded-http.client';
import { GuardedSockets } from './guarded-sockets';
import { HostResolver } from './host-resolver';

@Module({
  providers: [
    HostResolver,
    {
      provide: GuardedSockets,
      inject: [OutboundOptions, OutgoingOptions, HostResolver],
      useFactory: (rules: OutboundOptions, proxies: OutgoingOptions, resolver: HostResolver) =>
        new GuardedSockets(rules, proxies, resolver),
    },
    GuardedHttpClient,
  ],
  exports: [GuardedHttpClient],
})
export class OutboundModule {}
