import { RetryBudget } from './retry-budget';

describe('The budget for repetitions (R9)', () => {
  let now: number;
  let budget: RetryBudget;
  beforeEach(() => {
    now = 5_000;
    budget = new RetryBudget(() => now);
  });
  const takeAll = (): number => {
    let taken = 0;
    while (budget.take()) taken += 1;
    return taken;
  };
  const call = (times: number): void => {
    for (let time = 0; time < times; time += 1) budget.recordCall();
  };

  it('is a tenth of the calls of a minute', () => {
    call(1_000);
    expect(takeAll()).toBe(100);
    call(55);
    expect(takeAll()).toBe(5);
  });

  it('is ten a minute for a process with few calls', () => {
    call(1);
    expect(takeAll()).toBe(10);
  });

  it('starts again every minute', () => {
    call(1_000);
    takeAll();
    now += 59_999;
    expect(takeAll()).toBe(0);
    now += 1;
    expect(takeAll()).toBe(10);
  });
});
