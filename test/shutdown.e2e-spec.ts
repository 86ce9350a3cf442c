import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { startTestApp, type TestApp } from './support/app';

describe('R10: a stop', () => {
  let service: TestApp;
  let startedAt: bigint;
  beforeEach(async () => {
    service = await startTestApp();
    startedAt = process.hrtime.bigint();
  });
  // This limit is far below the minute of keep-alive, the minutes of Node's request timeout, and main's own deadline.
  const expectPrompt = (): void => expect(Number(process.hrtime.bigint() - startedAt) / 1e9).toBeLessThan(8);

  it('does not wait for a connection without a request, nor for one that is kept alive', async () => {
    const silent = connect(Number(new URL(service.url).port), '127.0.0.1');
    await once(silent, 'connect');
    await service.api('GET', '/health/live');
    const ended = once(silent.resume(), 'close');
    await service.close();
    await ended;
    expectPrompt();
  });

  it('waits for the requests in progress, answers them, and waits for nothing else', async () => {
    service.sandbox.behaviour.delayMs = 300;
    const agent = new Agent({ keepAlive: true });
    const sent = request(`${service.url}/connect/result?session_id=01a20920-5d5f-717a-83ee-9e39a401f439`, {
      agent,
    });
    const headers = { authorization: 'Bearer tc_test_bootstrap_key_0123456789' };
    const slow = request(`${service.url}/v1/providers`, { agent, headers });
    const answers = Promise.all(
      [sent, slow].map((each) => once(each.end(), 'response') as Promise<[IncomingMessage]>),
    );
    while (service.sandbox.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const closed = service.close();
    const statuses = (await answers).map(([answer]) => answer.resume().statusCode);
    expect(statuses).toEqual([404, 200]);
    await closed;
    expectPrompt();
    agent.destroy();
  });
});
