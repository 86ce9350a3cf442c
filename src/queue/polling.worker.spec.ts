import { Logger } from '@nestjs/common';
import { PollingWorker } from './polling.worker';

const never = 60 * 60_000;

beforeAll(() => {
  Logger.overrideLogger(false);
});
afterAll(() => {
  Logger.overrideLogger(['error']);
});

describe('PollingWorker', () => {
  it('works on until nothing is left, then waits to be told', async () => {
    const waiting = [1, 2, 3];
    const done: number[] = [];
    let becameIdle: () => void = () => undefined;
    const nextIdle = (): Promise<void> => new Promise((resolve) => (becameIdle = resolve));
    const worker = new PollingWorker({
      name: 'test',
      idleMs: never,
      runOnce: () => {
        const work = waiting.shift();
        if (work === undefined) becameIdle();
        else done.push(work);
        return Promise.resolve(work !== undefined);
      },
    });
    const firstIdle = nextIdle();
    worker.start();
    await firstIdle;
    expect(done).toEqual([1, 2, 3]);

    const secondIdle = nextIdle();
    waiting.push(4);
    worker.notify();
    await secondIdle;
    await worker.stop();
    expect(done).toEqual([1, 2, 3, 4]);
  });

  it('does not sleep through news that came during the run', async () => {
    let runs = 0;
    let secondRun: () => void = () => undefined;
    const ranTwice = new Promise<void>((resolve) => (secondRun = resolve));
    const worker: PollingWorker = new PollingWorker({
      name: 'test',
      idleMs: never,
      runOnce: () => {
        runs += 1;
        if (runs === 1) worker.notify();
        if (runs === 2) secondRun();
        return Promise.resolve(false);
      },
    });
    worker.start();
    await ranTwice;
    await worker.stop();
  });

  it('goes on after a failure', async () => {
    let runs = 0;
    let recovered: () => void = () => undefined;
    const again = new Promise<void>((resolve) => (recovered = resolve));
    const worker = new PollingWorker({
      name: 'test',
      idleMs: 1,
      runOnce: () => {
        runs += 1;
        if (runs === 1) return Promise.reject(new Error('once'));
        recovered();
        return Promise.resolve(false);
      },
    });
    worker.start();
    await again;
    await worker.stop();
  });

  it('waits at the end for the run in flight', async () => {
    let finish: () => void = () => undefined;
    let started: () => void = () => undefined;
    const running = new Promise<void>((resolve) => (started = resolve));
    let finished = false;
    const worker = new PollingWorker({
      name: 'test',
      idleMs: never,
      runOnce: async () => {
        started();
        await new Promise<void>((resolve) => (finish = resolve));
        finished = true;
        return false;
      },
    });
    worker.start();
    await running;
    const stopped = worker.stop();
    expect(finished).toBe(false);
    finish();
    await stopped;
    expect(finished).toBe(true);
  });
});
