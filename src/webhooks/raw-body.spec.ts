import type { HttpAdapterHost } from '@nestjs/core';
import type { PublicUrls } from '../http';
import { RawBody } from './raw-body';
import type { SignatureRefusals } from './signature-refusals';

const EXPRESS_4 = {
  lazyrouter: (): void => undefined,
  use: (): void => undefined,
  get router(): never {
    throw new Error("'app.router' is deprecated!");
  },
};

it.each([
  ['express', EXPRESS_4],
  ['http', {}],
])('a host on %s that cannot give us raw bodies does not start', (type, instance) => {
  const httpAdapter = { getType: () => type, getInstance: () => instance };
  const rawBody = new RawBody(
    { httpAdapter } as unknown as HttpAdapterHost,
    {} as SignatureRefusals,
    { webhookPath: () => '/webhooks/terra' } as PublicUrls,
  );
  expect(() => rawBody.capture()).toThrow('Use Fastify or Express 5.');
});
