import { CursorUnknownError } from '../http';
import { decodeChangeCursor, encodeChangeCursor, placeBefore, timestampOf } from './change-cursor';

const ID = '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10';

describe('A cursor of the order of changes', () => {
  it.each([0, 1, 1_764_000_000_123_456, Number.MAX_SAFE_INTEGER])('comes back as it was, at %i', (micros) => {
    expect(decodeChangeCursor(encodeChangeCursor({ micros, id: ID }))).toEqual({ micros, id: ID });
  });

  it.each([
    '',
    'c1-',
    `c1-zzzzzzzzzzz-${ID}`,
    'c1-1-01980c0e',
    `c1--1-${ID}`,
    `c2-1-${ID}`,
    'c1-1-------------------------------------',
    'AZgMDnsafD6dVQ8rbxyaEA',
    'x'.repeat(4_000),
  ])('is not %j', (cursor) => {
    expect(() => decodeChangeCursor(cursor)).toThrow(CursorUnknownError);
  });

  it('keeps the microseconds of Postgres', () => {
    expect(timestampOf({ micros: 1_764_000_000_123_456, id: ID })).toBe('2025-11-24T16:00:00.123456Z');
    expect(timestampOf({ micros: 1_000_007, id: ID })).toBe('1970-01-01T00:00:01.000007Z');
  });

  it('starts in 1970 at the earliest, because Postgres does not read every earlier year', () => {
    expect(timestampOf(placeBefore(new Date('0000-01-01')))).toBe('1970-01-01T00:00:00.000000Z');
  });
});
