import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { LivePages } from '../sample-app/diary/live-pages';
import { END_USERS } from '../sample-app/sign-in';

const [ADA] = END_USERS as [(typeof END_USERS)[0]];

/** A browser that gets a stream. */
class FakeResponse extends EventEmitter {
  written = '';
  writableLength = 0;
  writeHead(): void {}
  write(text: string): void {
    this.written += text;
  }
  end(): void {
    this.emit('close');
  }
  destroy(): void {
    this.emit('close');
  }
}

describe('The open pages of the sample app', () => {
  let pages: LivePages;
  let browser: FakeResponse;
  let answers: (Record<string, string> | Error)[];
  let reads: number;

  beforeEach(() => {
    jest.useFakeTimers();
    reads = 0;
    answers = [];
    browser = new FakeResponse();
    pages = new LivePages(() => {
      reads += 1;
      const answer = answers.shift() ?? { diary: 'same' };
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    });
  });
  afterEach(() => {
    pages.close();
    jest.useRealTimers();
  });
  const open = async (): Promise<void> => {
    pages.open(ADA, browser as unknown as ServerResponse);
    await jest.advanceTimersByTimeAsync(0);
  };

  it('show later what the service could not say when it changed', async () => {
    answers.push({ diary: 'old' }, new Error('unavailable'), { diary: 'new' });
    await open();
    pages.refresh(ADA);
    await jest.advanceTimersByTimeAsync(0);
    expect(browser.written).not.toContain('new');
    await jest.advanceTimersByTimeAsync(15_000);
    expect(browser.written).toContain('data: "new"');
    await jest.advanceTimersByTimeAsync(60_000);
    expect(reads).toBe(3);
    expect(browser.written).toContain(': heartbeat\n\n');
  });

  it('are read once for many events at a time, and get only what has changed', async () => {
    await open();
    for (let event = 0; event < 100; event += 1) pages.refresh(ADA);
    await jest.advanceTimersByTimeAsync(0);
    expect(reads).toBe(3);
    expect(browser.written.match(/event: diary/g)).toHaveLength(1);
  });

  it('cost nothing after the browser has gone, and a browser that reads nothing is cut off', async () => {
    await open();
    browser.writableLength = 2_000_000;
    pages.tell(ADA, 'news', 'text');
    expect(pages.hasRoomFor(ADA)).toBe(true);
    const before = reads;
    pages.refresh(ADA);
    await jest.advanceTimersByTimeAsync(60_000);
    expect([reads, browser.written.includes('news')]).toEqual([before, false]);
  });
});
