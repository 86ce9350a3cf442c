import type { HttpService } from '@nestjs/axios';
import { Logger } from '@nestjs/common';
import type { TerraApiOptions } from '../config';
import { Metrics } from '../observability';
import type { TerraGate } from './terra.gate';
import { TerraTransport, TOTAL_DEADLINE_MS, type TerraCall } from './terra.transport';

const CALL: TerraCall = {
  operation: 'user-info',
  method: 'GET',
  url: 'http://terra.test/userInfo',
  repeatable: true,
  retry: { baseMs: 1, maxMs: 1, attempts: 100 },
};

/** A transport whose every attempt takes the given time and then fails; `givenMs` has the deadline of each attempt. */
function transportTaking(attemptMs: number): { transport: TerraTransport; givenMs: number[] } {
  const givenMs: number[] = [];
  jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
  jest.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    givenMs.push(ms);
    return new AbortController().signal;
  });
  let now = 1_000_000;
  jest.spyOn(Date, 'now').mockImplementation(() => now);
  const request = (): Promise<never> => {
    now += Math.min(attemptMs, givenMs.at(-1) ?? Infinity);
    return Promise.reject(new Error('the connection was reset'));
  };
  const permit = { report: () => undefined };
  const gate = { admit: () => permit, readmit: () => permit, takeRetry: () => true, pause: () => undefined };
  const transport = new TerraTransport(
    { axiosRef: { request } } as unknown as HttpService,
    gate as unknown as TerraGate,
    new Metrics(),
    { apiKey: 'key', devId: 'dev' } as TerraApiOptions,
  );
  return { transport, givenMs };
}

describe('R8: the total deadline of a call to Terra', () => {
  afterEach(() => jest.restoreAllMocks());

  it.each([
    ['ten seconds', undefined, TOTAL_DEADLINE_MS],
    ['a shorter one of the call', 4_000, 4_000],
    ['ten seconds, even if the call asks for more', 60_000, TOTAL_DEADLINE_MS],
  ])('is %s, for all attempts together', async (_limit, deadlineMs, totalMs) => {
    const { transport, givenMs } = transportTaking(3_000);
    const startedAt = Date.now();
    await expect(transport.send({ ...CALL, deadlineMs })).rejects.toMatchObject({
      code: 'terra.unavailable',
    });
    // Each attempt gets what the earlier ones have left.
    const left = Array.from(
      { length: Math.ceil(totalMs / 3_000) },
      (_, attempt) => totalMs - 3_000 * attempt,
    );
    expect(givenMs).toEqual(left);
    expect(Date.now() - startedAt).toBe(totalMs);
    expect(totalMs).toBeLessThanOrEqual(10_000);
  });

  it('ends a call whose wait before the next attempt would pass it, without that wait', async () => {
    const { transport, givenMs } = transportTaking(3_000);
    const retry = { baseMs: 60_000, maxMs: 60_000, attempts: 5 };
    jest.spyOn(Math, 'random').mockReturnValue(0.99);
    await expect(transport.send({ ...CALL, retry })).rejects.toThrow();
    expect(givenMs).toHaveLength(1);
  });
});
