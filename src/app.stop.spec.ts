import { Logger } from '@nestjs/common';
import { ProcessStop, type Stoppable } from './app.stop';

const NEVER_MS = 60 * 60_000;

/** A service whose close lasts until `finish` is called. It notes what was asked of it. */
class SlowService implements Stoppable {
  readonly calls: string[] = [];
  finish: () => void = () => undefined;
  private readonly closed = new Promise<void>((resolve) => (this.finish = resolve));

  drain = (): void => void this.calls.push('drain');
  close = (): Promise<void> => {
    this.calls.push('close');
    return this.closed;
  };
}

function stopWith(options: { drainSeconds: number; closeDeadlineMs: number }): {
  stop: ProcessStop;
  exitCode: Promise<number>;
} {
  let exited: (code: number) => void = () => undefined;
  const exitCode = new Promise<number>((resolve) => (exited = resolve));
  return { stop: new ProcessStop({ ...options, exit: exited }), exitCode };
}

describe('R10: the stop of the process', () => {
  let lines: unknown[];
  let service: SlowService;
  beforeEach(() => {
    lines = [];
    service = new SlowService();
    jest.spyOn(Logger.prototype, 'log').mockImplementation((line: unknown) => void lines.push(line));
  });
  afterEach(() => jest.restoreAllMocks());

  it('drains, then closes, and ends with code 0 and one log line', async () => {
    const { stop, exitCode } = stopWith({ drainSeconds: 0, closeDeadlineMs: NEVER_MS });
    stop.serves(service);
    stop.receive('SIGTERM');
    service.finish();
    expect(await exitCode).toBe(0);
    expect(service.calls).toEqual(['drain', 'close']);
    expect(lines).toEqual([
      expect.objectContaining({ event: 'service.stopped', reason: 'SIGTERM', outcome: 'complete' }),
    ]);
  });

  it('does not wait for ever for a request or a job: it ends at the deadline, with code 1', async () => {
    const { stop, exitCode } = stopWith({ drainSeconds: 0, closeDeadlineMs: 1 });
    stop.serves(service);
    stop.receive('SIGTERM');
    expect(await exitCode).toBe(1);
    service.finish();
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines).toEqual([expect.objectContaining({ event: 'service.stopped', outcome: 'deadline' })]);
  });

  it('ends at the second signal, also during the drain', async () => {
    const { stop, exitCode } = stopWith({ drainSeconds: 600, closeDeadlineMs: NEVER_MS });
    stop.serves(service);
    stop.receive('SIGTERM');
    stop.receive('SIGINT');
    expect(await exitCode).toBe(143);
    expect(service.calls).toEqual(['drain']);
    expect(lines).toEqual([expect.objectContaining({ reason: 'SIGTERM', outcome: 'second_signal' })]);
  });

  it('ends at once while the service is still starting', async () => {
    const { stop, exitCode } = stopWith({ drainSeconds: 600, closeDeadlineMs: NEVER_MS });
    stop.receive('SIGINT');
    expect(await exitCode).toBe(130);
    expect(lines).toEqual([]);
  });
});
