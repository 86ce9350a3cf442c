import { boundsOfAnswer, boundTime, readOrderingTime } from './told-time';

const SIGNED_AT = new Date('2026-11-23T09:30:00Z');
const SECOND = 1_000;
const DAY = 86_400_000;
const after = (ms: number): string => String(SIGNED_AT.getTime() + ms);

describe('The ordering timestamp is used only within reach of the signature (T-13)', () => {
  it.each<[string, string | string[] | undefined, string | null]>([
    ['no header', undefined, null],
    ['an empty header', '', null],
    ['the time of the signature', after(0), null],
    ['a clock 5 minutes ahead', after(300 * SECOND), null],
    ['a clock more than 5 minutes ahead', after(300 * SECOND + 1), 'too_late'],
    ['a retry after a day', after(-DAY), null],
    ['an event that Terra resends after 31 days', after(-31 * DAY), null],
    ['an event older than 31 days', after(-31 * DAY - 1), 'too_early'],
    ['the year 5138', '99999999999999', 'too_late'],
    ['the year 2001', '1000000000000', 'too_early'],
    ['seconds instead of milliseconds', String(SIGNED_AT.getTime() / SECOND), 'too_early'],
    ['microseconds', `${SIGNED_AT.getTime()}000`, 'unreadable'],
    ['more than a Date can hold', '9'.repeat(15), 'too_late'],
    ['zero', '0', 'too_early'],
    ['a negative number', '-1', 'unreadable'],
    ['a fraction', `${SIGNED_AT.getTime()}.5`, 'unreadable'],
    ['a number in another notation', '1e12', 'unreadable'],
    ['a date', SIGNED_AT.toISOString(), 'unreadable'],
    ['two headers', `${after(0)}, ${after(0)}`, 'unreadable'],
    ['a list', [after(0), after(0)], 'unreadable'],
  ])('%s', (_case, header, problem) => {
    const told = readOrderingTime(header, SIGNED_AT);
    expect(told.problem).toBe(problem);
    const isUsed = problem === null && header !== undefined && header !== '';
    expect(told.time).toEqual(isUsed ? new Date(Number(header)) : null);
  });

  it('never leads to a time outside of the bounds, whatever the header holds', () => {
    // A fixed sequence of numbers, so that a failure can be repeated.
    let state = 7;
    const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
    for (let round = 0; round < 20_000; round += 1) {
      const signedAt = new Date(Math.floor(random() * 4e12));
      const near = signedAt.getTime() + Math.round((random() - 0.5) * 70 * DAY);
      const header = round % 2 ? String(near) : String(Math.floor(random() * 10 ** (1 + random() * 16)));
      const { time, problem } = readOrderingTime(header, signedAt);
      expect(time === null).toBe(problem !== null);
      if (time === null) continue;
      expect(time.getTime()).toBe(Number(header));
      expect(time.getTime() - signedAt.getTime()).toBeLessThanOrEqual(300 * SECOND);
      expect(signedAt.getTime() - time.getTime()).toBeLessThanOrEqual(31 * DAY);
    }
  });
});

describe('A time in an answer of Terra is used only if it is plausible', () => {
  const bounds = boundsOfAnswer(SIGNED_AT);

  it.each<[string, string | null, string | null]>([
    ['no time', null, null],
    ['a time before the answer', '2024-02-29T12:00:00Z', null],
    ['a clock 5 minutes ahead', '2026-11-23T09:35:00Z', null],
    ['a clock further ahead', '2026-11-23T09:35:01Z', 'too_late'],
    ['the year 1, which stands for no time', '0001-01-01T00:00:00Z', 'too_early'],
    ['1970, which stands for no time', '1970-01-01T00:00:00Z', 'too_early'],
    ['a time before Terra existed', '2019-12-31T23:59:59Z', 'too_early'],
    ['no date at all', 'invalid', 'unreadable'],
  ])('%s', (_case, text, problem) => {
    const told = text === null ? null : new Date(text);
    expect(boundTime(told, bounds)).toEqual({ time: problem ? null : told, problem });
  });
});
