import { GroupCommit, type GroupLimits } from './group-commit';
import { DeliveryNotStoredError } from './webhooks.errors';

const LIMITS: GroupLimits = {
  group: { items: 3, bytes: 100 },
  waiting: { items: 5, bytes: 200 },
  parallel: 1,
  deadlineMs: 2_000,
};
const rowError = (): Error => Object.assign(new Error('violates check constraint'), { code: '23514' });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('A commit of groups', () => {
  let open: { items: string[]; succeed: () => void; fail: (error: Error) => void }[];
  beforeEach(() => (open = []));
  const committing = (limits: Partial<GroupLimits> = {}): GroupCommit<string, string> =>
    new GroupCommit<string, string>(
      (items) =>
        new Promise((resolve, reject) => {
          open.push({ items, succeed: () => resolve(items.map((item) => `${item}!`)), fail: reject });
        }),
      { ...LIMITS, ...limits },
    );
  const groups = (): string[][] => open.map(({ items }) => items);

  it('commits a lone item at once, and what arrives meanwhile together', async () => {
    const commit = committing();
    const answers = ['a', 'b', 'c'].map((item) => commit.add(item, 1));
    expect(groups()).toEqual([['a']]);
    open[0]!.succeed();
    expect(await answers[0]).toBe('a!');
    await turn();
    expect(groups()).toEqual([['a'], ['b', 'c']]);
    open[1]!.succeed();
    expect(await Promise.all(answers)).toEqual(['a!', 'b!', 'c!']);
  });

  it('answers nothing before the commit', async () => {
    const answered = jest.fn();
    const answer = committing().add('a', 1).then(answered);
    await turn();
    expect(answered).not.toHaveBeenCalled();
    open[0]!.succeed();
    await answer;
    expect(answered).toHaveBeenCalledWith('a!');
  });

  it('bounds a group by items and by bytes, and takes an item that is larger alone', async () => {
    const commit = committing({ waiting: { items: 5, bytes: 300 } });
    const sizes = { a: 1, b: 60, c: 40, d: 1, e: 150 };
    const answers = Object.entries(sizes).map(([item, bytes]) => commit.add(item, bytes));
    for (let group = 0; group < 4; group += 1) {
      open[group]!.succeed();
      await turn();
    }
    await Promise.all(answers);
    expect(groups()).toEqual([['a'], ['b', 'c'], ['d'], ['e']]);
  });

  it.each([
    ['items', [1, 1, 1, 1, 1, 1]],
    ['bytes', [1, 150, 40]],
  ])('refuses at once what exceeds the %s that may wait', async (_, sizes) => {
    const commit = committing();
    const answers = sizes.map((bytes, item) => commit.add(`${item}`, bytes));
    await expect(commit.add('too much', 30)).rejects.toThrow(DeliveryNotStoredError);
    for (let group = 0; open[group]; group += 1) {
      open[group]!.succeed();
      await turn();
    }
    expect(await Promise.all(answers)).toHaveLength(sizes.length);
  });

  it.each([0, 1, 2])('splits a group to find the item that fails, number %s', async (poison) => {
    const commit = new GroupCommit<number, string>(
      async (items) => {
        await turn();
        if (items.includes(poison)) throw rowError();
        return items.map(String);
      },
      { ...LIMITS, group: { items: 10, bytes: 100 } },
    );
    const [first, ...settled] = await Promise.allSettled([9, 0, 1, 2].map((item) => commit.add(item, 1)));
    expect(first).toMatchObject({ status: 'fulfilled' });
    expect(settled.map(({ status }) => status)).toEqual(
      [0, 1, 2].map((item) => (item === poison ? 'rejected' : 'fulfilled')),
    );
    expect(settled.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))).toHaveLength(2);
  });

  it.each([
    ['the database is away', Object.assign(new Error(), { code: 'ECONNREFUSED' }), DeliveryNotStoredError],
    ['no row can be stored', Object.assign(new Error('no right'), { code: '42501' }), 'no right'],
  ])('does not split a group when %s', async (_, error, expected) => {
    const commit = committing();
    const answers = ['a', 'b', 'c'].map((item) => expect(commit.add(item, 1)).rejects.toThrow(expected));
    open[0]!.fail(error);
    await turn();
    open[1]!.fail(error);
    await Promise.all(answers);
    expect(groups()).toEqual([['a'], ['b', 'c']]);
  });

  describe('which takes longer than the deadline', () => {
    beforeEach(() => jest.useFakeTimers());
    afterEach(() => jest.useRealTimers());

    it('fails what is under way and what waits, commits nothing of it later, and goes on', async () => {
      const commit = committing({ deadlineMs: 2_000 });
      const late = ['a', 'b'].map((item) =>
        expect(commit.add(item, 1)).rejects.toThrow(DeliveryNotStoredError),
      );
      await jest.advanceTimersByTimeAsync(2_000);
      await Promise.all(late);
      const next = commit.add('c', 1);
      open[0]!.succeed();
      await jest.advanceTimersByTimeAsync(0);
      expect(groups()).toEqual([['a'], ['c']]);
      open[1]!.succeed();
      expect(await next).toBe('c!');
    });
  });
});
