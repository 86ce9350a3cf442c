import { CircuitBreaker, type Permit } from './circuit-breaker';

let now: number;
let changes: [isOpen: boolean, waitMs: number][];

function breaker(failures = 3): CircuitBreaker {
  now = 1_000;
  changes = [];
  return new CircuitBreaker({
    failures,
    now: () => now,
    random: () => 1,
    onChange: (isOpen, waitMs) => changes.push([isOpen, waitMs]),
  });
}

function fail(circuit: CircuitBreaker, times: number): void {
  for (let time = 0; time < times; time += 1) (circuit.admit() as Permit).report('unhealthy');
}

describe('A circuit breaker', () => {
  it('opens after the set number of failures in a row', () => {
    const circuit = breaker();
    fail(circuit, 2);
    expect(circuit.waitMs()).toBe(0);
    fail(circuit, 1);
    expect(circuit.admit()).toBeNull();
    expect(circuit.waitMs()).toBe(2_000);
    expect(changes).toEqual([[true, 2_000]]);
  });

  it('starts to count again after a success, and ignores calls that say nothing', () => {
    const circuit = breaker();
    fail(circuit, 2);
    circuit.admit()?.report('healthy');
    fail(circuit, 2);
    circuit.admit()?.report('unknown');
    expect(circuit.waitMs()).toBe(0);
    fail(circuit, 1);
    expect(circuit.waitMs()).toBeGreaterThan(0);
  });

  it('lets one probe at a time pass when the pause is over, and its success closes the circuit', () => {
    const circuit = breaker();
    fail(circuit, 3);
    now += 1_999;
    expect(circuit.admit()).toBeNull();
    now += 1;
    const probe = circuit.admit();
    expect(circuit.admit()).toBeNull();
    expect(circuit.waitMs()).toBe(1_000);
    probe?.report('healthy');
    expect(changes.at(-1)).toEqual([false, 0]);
    fail(circuit, 2);
    expect(circuit.waitMs()).toBe(0);
  });

  it('pauses longer after each probe that fails, up to a minute', () => {
    const circuit = breaker();
    fail(circuit, 3);
    const pauses = [1, 2, 3, 4, 5, 6].map(() => {
      now += circuit.waitMs();
      fail(circuit, 1);
      return circuit.waitMs();
    });
    expect(pauses).toEqual([4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it('lets the next call probe after a probe that says nothing', () => {
    const circuit = breaker();
    fail(circuit, 3);
    now += 2_000;
    circuit.admit()?.report('unknown');
    expect(circuit.waitMs()).toBe(0);
    expect(circuit.admit()).not.toBeNull();
    expect(circuit.admit()).toBeNull();
  });

  it('ignores the results of calls that were admitted before it opened or closed', () => {
    const circuit = breaker();
    const late = [1, 2, 3].map(() => circuit.admit());
    const lateSuccess = circuit.admit();
    fail(circuit, 3);
    lateSuccess?.report('healthy');
    expect(circuit.admit()).toBeNull();
    now += 2_000;
    circuit.admit()?.report('healthy');
    for (const permit of late) permit?.report('unhealthy');
    expect(circuit.waitMs()).toBe(0);
  });

  it("pauses at least as long as Terra's Retry-After says, up to a minute", () => {
    const circuit = breaker(1);
    circuit.admit()?.report('unhealthy', 20_000);
    expect(circuit.waitMs()).toBe(20_000);
    now += 20_000;
    circuit.admit()?.report('unhealthy', 3_600_000);
    expect(circuit.waitMs()).toBe(60_000);
  });

  it('does not stay open when the clock is set back', () => {
    const circuit = breaker();
    now += 3_600_000;
    fail(circuit, 3);
    now -= 3_600_000;
    expect(circuit.admit()).not.toBeNull();
  });

  it('never opens when the number of failures is 0', () => {
    const circuit = breaker(0);
    fail(circuit, 100);
    expect(circuit.waitMs()).toBe(0);
  });
});
