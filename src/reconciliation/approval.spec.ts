import { approvalReasonOf } from './approval';

const MAXIMUM = 10;

describe('A sweep needs approval (T-23)', () => {
  it.each<
    [string, live: number, counts: Record<string, number>, plain: string | null, adopting: string | null]
  >([
    ['without a difference', 20, {}, null, null],
    ['with as many changes as it may make', 20, { link: 6, mark_missing: 4 }, null, null],
    ['on the first day, with many unknown users', 0, { link: 500 }, 'unknown_users', null],
    ['later, with many unknown users', 20, { link: 11 }, 'unknown_users', null],
    [
      'with many unknown users and a few other changes',
      20,
      { link: 500, mark_missing: 10 },
      'unknown_users',
      null,
    ],
    [
      'with many unknown users and many other changes',
      20,
      { link: 500, mark_missing: 11 },
      'too_many_changes',
      'too_many_changes',
    ],
    ['with many users to link again', 20, { link_again: 11 }, 'too_many_changes', 'too_many_changes'],
    ['with many missing users', 20, { end_absent: 11 }, 'too_many_changes', 'too_many_changes'],
    [
      'of another environment, with few live connections',
      5,
      { link: 500, mark_missing: 5 },
      'too_many_changes',
      'too_many_changes',
    ],
    [
      'of another environment, an hour later',
      5,
      { link: 500, end_absent: 5 },
      'too_many_changes',
      'too_many_changes',
    ],
    [
      'of another environment, before the hour is over',
      5,
      { link: 500, still_missing: 5 },
      'too_many_changes',
      'too_many_changes',
    ],
  ])('%s', (_case, live, counts, plain, adopting) => {
    const { still_missing = 0, ...changing } = counts;
    const changes = Object.values(changing).reduce((sum, count) => sum + count, 0);
    const sweep = { usersSeen: 1_000, changes };
    expect(approvalReasonOf({ ...sweep, adopts: false }, live, MAXIMUM, counts)).toBe(plain);
    expect(approvalReasonOf({ ...sweep, adopts: true }, live, MAXIMUM, { ...changing, still_missing })).toBe(
      adopting,
    );
  });

  it('when the list is empty, also if it adopts', () => {
    for (const adopts of [false, true])
      expect(approvalReasonOf({ usersSeen: 0, changes: 0, adopts }, 1, MAXIMUM, {})).toBe('empty_list');
  });

  it('never because of the links of a sweep that adopts, and always because of the same other changes', () => {
    for (let link = 0; link < 40; link += 1) {
      for (let missing = 0; missing < 20; missing += 1) {
        const sweep = { usersSeen: 100, changes: link + missing, adopts: true };
        const reason = approvalReasonOf(sweep, 100, MAXIMUM, { link, mark_missing: missing });
        expect(reason).toBe(missing > MAXIMUM ? 'too_many_changes' : null);
      }
    }
  });
});
