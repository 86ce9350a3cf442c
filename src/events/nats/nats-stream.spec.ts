import { judgeStream, streamToCreate, type StreamFacts } from './nats-stream';

const OPTIONS = { stream: 'EVENTS', prefix: 'acme.events' };
const good = streamToCreate(OPTIONS, { days: 14, isCluster: true });
const judge = (changes: Partial<StreamFacts>, version = '2.11.4'): ReturnType<typeof judgeStream> =>
  judgeStream({ ...good, ...changes }, OPTIONS.prefix, version);

describe('A stream for events', () => {
  it('that the service creates is right, keeps events as long as the log, and is full rather than forgetful', () => {
    expect(judge({})).toEqual({ problems: [], warnings: [] });
    expect(good).toMatchObject({ max_age: 14 * 86_400e9, discard: 'new', num_replicas: 3 });
    expect(streamToCreate(OPTIONS, { days: 14, isCluster: false }).num_replicas).toBe(1);
  });

  it.each<[string, Partial<StreamFacts>, RegExp]>([
    ['keeps events in memory', { storage: 'memory' }, /no file storage/],
    ['is a queue', { retention: 'workqueue' }, /retention is workqueue/],
    ['drops what consumers have read', { retention: 'interest' }, /retention is interest/],
    ['has other subjects', { subjects: ['else.>'] }, /do not cover acme\.events\.>/],
    ['has a part of the subjects', { subjects: ['acme.events.1.>'] }, /do not cover/],
    ['also takes subjects of others', { subjects: ['acme.events.>', 'orders.>'] }, /others \(orders\.>\)/],
    ['takes every subject', { subjects: ['>'] }, /others \(>\)/],
    ['forgets repetitions at once', { duplicate_window: 119e9 }, /duplicate window/],
    ['does not acknowledge', { no_ack: true }, /no_ack/],
    ['is sealed', { sealed: true }, /sealed/],
    ['is a mirror', { mirror: { name: 'ORIGIN' }, subjects: undefined }, /mirror/],
  ])('that %s is refused', (_name, changes, problem) => {
    expect(judge(changes).problems).toContainEqual(expect.stringMatching(problem));
  });

  it.each<[string, Partial<StreamFacts>, string, RegExp]>([
    ['discards old events by size', { discard: 'old', max_bytes: 1e9 }, '2.11.4', /discards the oldest/],
    ['discards old events by number', { discard: 'old', max_msgs: 10 }, '2.11.4', /discards the oldest/],
    ['discards by subject', { discard: 'old', max_msgs_per_subject: 1 }, '2.11.4', /discards the oldest/],
    ['has one replica', { num_replicas: 1 }, '2.10.0', /sync_interval: always/],
    ['is on a server that cannot sync', {}, '2.9.10', /2\.10 or newer with sync_interval: always/],
  ])('that %s is used with a warning', (_name, changes, version, warning) => {
    expect(judge(changes, version)).toEqual({ problems: [], warnings: [expect.stringMatching(warning)] });
  });

  it('that discards old events only by age needs no warning', () => {
    expect(judge({ discard: 'old' }).warnings).toEqual([]);
  });
});
