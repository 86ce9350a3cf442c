import { Arrivals, digestOf, type TakenEvent } from './arrivals';

const event = (n: number, subject = 'user-1', summaryId?: string): TakenEvent => ({
  id: `id-${n}`,
  subject,
  sequence: String(n).padStart(19, '0'),
  data: summaryId === undefined ? {} : { payload: { data: [{ metadata: { summary_id: summaryId } }] } },
});
const expected = (...ids: number[]) => {
  return { count: ids.length, digest: digestOf(ids.map((n) => `id-${n}`)) };
};

describe('The arrivals at a taker of events', () => {
  it('tell when the first event of each end user came, when each health data came, and when the last event', () => {
    const arrivals = new Arrivals();
    arrivals.add(event(1), 100);
    arrivals.add(event(2, 'user-2', 'summary-1'), 150);
    arrivals.add(event(3), 200);
    expect(arrivals.take(expected(3, 2, 1))).toEqual({
      lastAt: 200,
      times: [
        ['user-1', 100],
        ['summary-1', 150],
      ],
    });
    arrivals.add(event(4), 300);
    expect(arrivals.take(expected(4)).lastAt).toBe(300);
  });

  it('end the run when an event is missing, is not the expected one, comes twice, or comes out of order', () => {
    const take = (came: TakenEvent[], ids: number[]) => () => {
      const arrivals = new Arrivals();
      for (const one of came) arrivals.add(one, 1);
      arrivals.take(expected(...ids));
    };
    expect(take([event(1)], [1, 2])).toThrow('1 events came, and 2 should have');
    expect(take([event(1)], [2])).toThrow('or others');
    expect(take([event(1), event(1)], [1])).toThrow('event id-1 came twice');
    expect(take([event(2), event(1)], [1, 2])).toThrow('event id-1 of one end user came after a later one');
    expect(take([event(2), event(1, 'user-2')], [1, 2])).not.toThrow();
  });
});
