import { Logger } from '@nestjs/common';
import { currentLogContext } from '../common';
import { WorkerLoop } from './worker-loop';

const never = 60 * 60_000;

beforeAll(() => {
  Logger.overrideLogger(false);
});
afterAll(() => {
  Logger.overrideLogger(['error']);
});

describe('A worker loop', () => {
  it('runs until no work is left, then waits for a notification', async () => {
    const waiting = [1, 2, 3];
    const done: number[] = [];
    let becameIdle: () => void = () => undefined;
    const nextIdle = (): Promise<void> => new Promise((resolve) => (becameIdle = resolve));
    const worker = new WorkerLoop({
      name: 'test',
      idleMs: never,
      run: () => {
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

  it('runs again after a notification that came during the run', async () => {
    let runs = 0;
    let secondRun: () => void = () => undefined;
    const ranTwice = new Promise<void>((resolve) => (secondRun = resolve));
    const worker: WorkerLoop = new WorkerLoop({
      name: 'test',
      idleMs: never,
      run: () => {
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

  it('pauses for the time that a run asks for, whatever is notified meanwhile', async () => {
    const starts: number[] = [];
    let ranTwice: () => void = () => undefined;
    const twice = new Promise<void>((resolve) => (ranTwice = resolve));
    const worker: WorkerLoop = new WorkerLoop({
      name: 'test',
      idleMs: never,
      run: () => {
        starts.push(performance.now());
        setImmediate(() => worker.notify());
        if (starts.length === 2) ranTwice();
        return Promise.resolve(100);
      },
    });
    worker.start();
    await twice;
    await worker.stop();
    // A timer may fire a millisecond early.
    expect(starts[1]! - starts[0]!).toBeGreaterThanOrEqual(98);
  });

  it('runs at once after a pause, and lets work gather after a run that left none', async () => {
    const starts: number[] = [];
    let ranThrice: () => void = () => undefined;
    const thrice = new Promise<void>((resolve) => (ranThrice = resolve));
    const worker: WorkerLoop = new WorkerLoop({
      name: 'test',
      idleMs: never,
      spacingMs: 100,
      run: () => {
        starts.push(performance.now());
        if (starts.length === 3) ranThrice();
        // The second run follows at once, because the first one leaves work. The third one is notified.
        if (starts.length === 2) worker.notify();
        return Promise.resolve(starts.length === 1);
      },
    });
    worker.start();
    await thrice;
    await worker.stop();
    const [first = 0, second = 0, third = 0] = starts;
    expect(second - first).toBeLessThan(90);
    expect(third - second).toBeGreaterThan(90);
  });

  it('runs again after a run that failed', async () => {
    let runs = 0;
    let recovered: () => void = () => undefined;
    const again = new Promise<void>((resolve) => (recovered = resolve));
    const worker = new WorkerLoop({
      name: 'test',
      idleMs: 1,
      run: () => {
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

  it('aborts its signal when it is stopped, and waits until the current run ends', async () => {
    let finish: () => void = () => undefined;
    let started: () => void = () => undefined;
    const running = new Promise<void>((resolve) => (started = resolve));
    let finished = false;
    let given: AbortSignal | undefined;
    const worker = new WorkerLoop({
      name: 'test',
      idleMs: never,
      run: async (signal) => {
        given = signal;
        started();
        await new Promise<void>((resolve) => (finish = resolve));
        finished = true;
        return false;
      },
    });
    worker.start();
    await running;
    expect(given?.aborted).toBe(false);
    const stopped = worker.stop();
    expect(given?.aborted).toBe(true);
    expect(finished).toBe(false);
    finish();
    await stopped;
    expect(finished).toBe(true);
  });

  it('gives each run its own job id, and adds it to the log lines', async () => {
    const contexts: unknown[] = [];
    let ranTwice: () => void = () => undefined;
    const twice = new Promise<void>((resolve) => (ranTwice = resolve));
    const worker = new WorkerLoop({
      name: 'test',
      idleMs: never,
      run: () => {
        contexts.push(currentLogContext());
        if (contexts.length === 2) ranTwice();
        return Promise.resolve(contexts.length < 2);
      },
    });
    worker.start();
    await twice;
    await worker.stop();
    expect(contexts).toEqual([
      { worker: 'test', jobId: expect.any(String) as unknown },
      { worker: 'test', jobId: expect.any(String) as unknown },
    ]);
    expect(contexts[0]).not.toEqual(contexts[1]);
  });
});
