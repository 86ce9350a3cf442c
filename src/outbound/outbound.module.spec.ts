import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { OutboundOptions, OutgoingOptions } from '../config';
import { GuardedHttpClient, OutboundModule } from '.';

const OPTIONS = [
  { provide: OutboundOptions, useValue: { allowPrivateNetworks: false } },
  { provide: OutgoingOptions, useValue: { httpsProxy: '', httpProxy: '', noProxy: '', circuitFailures: 0 } },
];

@Module({ providers: OPTIONS, exports: [OutboundOptions, OutgoingOptions] })
class OptionsModule {}

it('OutboundModule provides the client, with the options of the service, and closes its sockets', async () => {
  const application = await Test.createTestingModule({
    imports: [{ module: OptionsModule, global: true }, OutboundModule],
  }).compile();
  const client = application.get(GuardedHttpClient);
  const send = (url: string): Promise<unknown> =>
    client.send({ method: 'GET', url, timeoutMs: 5_000, maxResponseBytes: 0 });
  await expect(send('https://localhost/')).rejects.toMatchObject({ code: 'url_forbidden' });
  await application.close();
  await expect(send('https://hooks.example.com/')).rejects.toMatchObject({ code: 'connection_failed' });
});
