import { GaugeRefresh } from './gauge-refresh';

describe('T-21: the gauges that cost queries', () => {
  let now: number;
  let refresh: GaugeRefresh;
  beforeEach(() => {
    now = 0;
    refresh = new GaugeRefresh({ maxAgeMs: 5_000, deadlineMs: 50, now: () => now });
  });

  it('are collected once for all scrapes of five seconds', async () => {
    let collected = 0;
    refresh.add(() => Promise.resolve(void (collected += 1)));
    await Promise.all(Array.from({ length: 32 }, () => refresh.refresh()));
    now = 4_999;
    await refresh.refresh();
    expect(collected).toBe(1);
    now = 5_000;
    await refresh.refresh();
    expect(collected).toBe(2);
  });

  it('are collected one after the other', async () => {
    let running = 0;
    let most = 0;
    const collector = async (): Promise<void> => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    for (let count = 0; count < 4; count += 1) refresh.add(collector);
    await Promise.all([refresh.refresh(), refresh.refresh()]);
    expect(most).toBe(1);
  });

  it('keep a scrape waiting until the deadline only, and are not collected again meanwhile', async () => {
    let collected = 0;
    let answer = (): void => undefined;
    refresh.add(() => {
      collected += 1;
      return new Promise<void>((resolve) => (answer = resolve));
    });
    await Promise.all([refresh.refresh(), refresh.refresh()]);
    now = 60_000;
    await refresh.refresh();
    expect(collected).toBe(1);
    answer();
    await new Promise((resolve) => setImmediate(resolve));
    now = 120_000;
    const next = refresh.refresh();
    answer();
    await next;
    expect(collected).toBe(2);
  });

  it('do not depend on each other, and a failure is not repeated at once', async () => {
    const collected: string[] = [];
    refresh.add(() => {
      collected.push('fails');
      return Promise.reject(new Error('Postgres is down'));
    });
    refresh.add(() => Promise.resolve(void collected.push('works')));
    await refresh.refresh();
    await refresh.refresh();
    expect(collected).toEqual(['fails', 'works']);
  });
});
