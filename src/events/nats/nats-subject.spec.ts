import { covers, partitionOf, subjectOf } from './nats-subject';

describe('The partition of an end user', () => {
  it.each([
    [null, 16, 5],
    ['', 16, 5],
    ['a', 16, 12],
    ['foobar', 16, 8],
    ['user-1', 16, 4],
    ['user-1', 7, 3],
    ['Zoë 🚴', 1_024, 263],
  ])('%j of %d is always %d', (referenceId, partitions, partition) => {
    expect(partitionOf(referenceId, partitions)).toBe(partition);
  });

  it('is FNV-1a with 32 bits, as published with its test vectors', () => {
    const whole = 2 ** 32;
    expect([partitionOf('', whole), partitionOf('a', whole), partitionOf('foobar', whole)]).toEqual([
      0x811c9dc5, 0xe40c292c, 0xbf9cf968,
    ]);
  });

  it('spreads end users evenly', () => {
    const counts = new Array<number>(16).fill(0);
    for (let index = 0; index < 16_000; index += 1) counts[partitionOf(`user-${index}`, 16)]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(Math.max(...counts)).toBeLessThan(1_200);
  });
});

describe('The subject of an event', () => {
  it('has the partition before the type', () => {
    const event = { referenceId: 'user-1', type: 'connection.needs_reauth' as const };
    expect(subjectOf(event, { prefix: 'acme.events', partitions: 16 })).toBe(
      `acme.events.${partitionOf('user-1', 16)}.connection.needs_reauth`,
    );
  });
});

describe('Subjects with wildcards', () => {
  it.each([
    ['events.>', 'events.>', true],
    ['>', 'events.>', true],
    ['events.*.>', 'events.1.a', true],
    ['events.*', 'events.1', true],
    ['events.*.>', 'events.>', false],
    ['events.*', 'events.1.a', false],
    ['events.>', 'events', false],
    ['events.a', 'events.b', false],
    ['events.1', 'events.*', false],
    ['other.>', 'events.>', false],
    ['events.1.a', 'events.1', false],
  ])('%s covers %s: %s', (outer, inner, expected) => {
    expect(covers(outer, inner)).toBe(expected);
  });
});
