import { Clock } from './clock';

describe('the clock', () => {
  const HOUR = 3_600_000;
  const differenceTo = (clock: Clock, ms: number): number => Math.abs(clock.now().getTime() - ms);

  it('shows the time of the clock that it follows, whether its own clock is ahead or behind', () => {
    for (const offset of [2 * HOUR, -2 * HOUR]) {
      const clock = new Clock();
      const own = Date.now();
      clock.follow(own + offset, own, own);
      expect(differenceTo(clock, Date.now() + offset)).toBeLessThan(1_000);
    }
  });

  it('is not made worse by an answer that took long', () => {
    const clock = new Clock();
    const asked = Date.now();
    expect(clock.follow(asked + 1_900, asked, asked + 2_000)).toBe(0);
    expect(clock.follow(asked + 10, asked, asked + 2_000)).toBe(0);
  });

  it('is corrected by a slow answer only as far as the answer proves', () => {
    const clock = new Clock();
    expect(clock.follow(HOUR + 2_000, 0, 2_000)).toBe(HOUR);
    expect(clock.follow(HOUR + 500, 1_000, 1_000)).toBe(-500);
  });
});
