import type { LinkedUser } from '../sandbox/account/linked-user';
import { initialBehaviour } from '../sandbox/behaviour';
import { DataFeed } from '../sandbox/data/data-feed';

const SECOND = 1_000;
const ALL = ['activity', 'daily', 'sleep'];

describe('The feed of health data', () => {
  const behaviour = initialBehaviour();
  const linked = new Set<string>();
  const sent: string[] = [];
  let clock = 0;
  let feed: DataFeed;

  beforeEach(() => {
    Object.assign(behaviour, initialBehaviour(), { dataAfterConnect: true });
    linked.clear();
    sent.length = 0;
    clock = 0;
    feed = new DataFeed({
      behaviour,
      data: { send: ({ userId }, type) => void sent.push(`${userId} ${type}`) as never },
      isLinked: ({ userId }) => linked.has(userId),
      now: () => clock,
    });
  });
  afterEach(() => feed.stop());

  const connect = (userId: string, scopes = ALL): void => {
    linked.add(userId);
    feed.follow({ userId, scopes } as LinkedUser);
  };
  const sentAfter = (milliseconds: number): string[] => {
    clock += milliseconds;
    sent.length = 0;
    feed.runOnce();
    return [...sent];
  };

  it('sends the newest data one second after a connection, then an updated daily every 30 seconds', () => {
    connect('a');
    expect(sentAfter(999)).toEqual([]);
    expect(sentAfter(1)).toEqual(['a athlete', 'a daily', 'a sleep', 'a activity']);
    expect(sentAfter(29 * SECOND)).toEqual([]);
    expect(sentAfter(SECOND)).toEqual(['a daily']);
    expect(sentAfter(31 * SECOND)).toEqual(['a daily']);
    behaviour.dataIntervalMs = 5 * SECOND;
    expect(sentAfter(5 * SECOND)).toEqual(['a daily']);
  });

  it('sends only what the end user has allowed', () => {
    connect('a', ['sleep', 'email']);
    expect(sentAfter(SECOND)).toEqual(['a athlete', 'a sleep']);
    expect(sentAfter(30 * SECOND)).toEqual([]);
  });

  it('ends with the user, also before the first data', () => {
    connect('a');
    connect('b');
    expect(sentAfter(SECOND)).toHaveLength(8);
    linked.delete('a');
    connect('c');
    linked.delete('c');
    expect(sentAfter(30 * SECOND)).toEqual(['b daily']);
    linked.delete('b');
    expect(sentAfter(30 * SECOND)).toEqual([]);
    linked.add('a');
    expect(sentAfter(30 * SECOND)).toEqual([]);
  });

  it('pauses while its switch is off, and updates nothing with an interval of 0', () => {
    connect('a');
    behaviour.dataAfterConnect = false;
    connect('off');
    expect(sentAfter(SECOND)).toEqual([]);
    behaviour.dataAfterConnect = true;
    behaviour.dataIntervalMs = 0;
    expect(sentAfter(0)).toHaveLength(4);
    expect(sentAfter(3_600 * SECOND)).toEqual([]);
    behaviour.dataIntervalMs = SECOND;
    expect(sentAfter(0)).toEqual(['a daily']);
  });

  it('follows at most 100 users, the newest', () => {
    for (let n = 0; n < 103; n += 1) connect(`u${n}`, ['daily']);
    const users = sentAfter(SECOND).filter((line) => line.endsWith('daily'));
    expect(users).toHaveLength(100);
    expect(users[0]).toBe('u3 daily');
  });
});
