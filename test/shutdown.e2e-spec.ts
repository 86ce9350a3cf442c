import { connect } from 'node:net';
import { once } from 'node:events';
import { startTestApp } from './support/app';

it('R10: stops at once although a connection stands open on which nothing was asked, and one that is kept alive', async () => {
  const service = await startTestApp();
  const silent = connect(Number(new URL(service.url).port), '127.0.0.1');
  await once(silent, 'connect');
  await service.api('GET', '/health/live');
  const ended = once(silent.resume(), 'close');
  const startedAt = process.hrtime.bigint();
  await service.close();
  await ended;
  // Far below the five minutes that Node gives a request to arrive, and the ten seconds after which main gives up.
  expect(Number(process.hrtime.bigint() - startedAt) / 1e9).toBeLessThan(8);
});
