import * as fc from 'fast-check';
import { Diary, DIARY_DAYS } from '../sample-app/diary/diary';
import { entriesFrom } from '../sample-app/diary/terra-data';
import { serviceEventFrom, type ServiceEvent } from '../sample-app/events/service-event';
import { latestDataEvent } from '../sandbox/data/data-events';
import type { LinkedUser } from '../sandbox/account/linked-user';

const USER: LinkedUser = {
  userId: 'terra-1',
  referenceId: 'pulse-1001',
  provider: 'GARMIN',
  providerAccount: 'ada@garmin',
  scopes: ['daily', 'sleep', 'activity'],
  isAuthenticated: true,
  active: true,
  createdAt: 0,
  lastWebhookUpdate: null,
};

const eventWith = (type: string, payload: unknown, over: Partial<ServiceEvent> = {}): ServiceEvent => ({
  id: 'e1',
  type,
  referenceId: 'pulse-1001',
  time: '2026-11-26T10:00:00.000Z',
  sequence: '0000000000000000001',
  data: { connectionId: 'c1', provider: 'GARMIN', payload },
  ...over,
});

const dailyOf = (day: string, steps: number): object => ({
  data: [{ metadata: { start_time: `${day}T00:00:00.000000+01:00` }, distance_data: { steps } }],
});

describe('The diary of the sample app', () => {
  it.each(['daily', 'sleep', 'activity'] as const)('reads every value of the %s that Terra sends', (type) => {
    const payload = latestDataEvent(USER, type, Date.parse('2026-11-26T21:00:00Z'));
    const [object] = payload.data as Record<string, Record<string, never>>[];
    const [entry] = entriesFrom(eventWith(`data.${type}`, payload));
    const heart = object?.heart_rate_data?.summary as unknown as Record<string, number>;
    const distance = object?.distance_data as unknown as Record<string, number> & { summary: object };
    const sleep = object?.sleep_durations_data as never as Record<string, Record<string, number>>;
    const calories = object?.calories_data as unknown as Record<string, number>;
    expect(entry).toMatchObject({ connectionId: 'c1', provider: 'GARMIN' });
    const expected = {
      daily: () => ({
        kind: 'day',
        steps: distance.steps,
        meters: distance.distance_meters,
        calories: calories.total_burned_calories,
        restingBpm: heart.resting_hr_bpm,
        averageBpm: heart.avg_hr_bpm,
        lowestBpm: heart.min_hr_bpm,
        highestBpm: heart.max_hr_bpm,
        hrvMs: heart.avg_hrv_rmssd,
      }),
      sleep: () => ({
        kind: 'night',
        asleepSeconds: sleep.asleep?.duration_asleep_state_seconds,
        deepSeconds: sleep.asleep?.duration_deep_sleep_state_seconds,
        remSeconds: sleep.asleep?.duration_REM_sleep_state_seconds,
        awakeSeconds: sleep.awake?.duration_awake_state_seconds,
        efficiencyPercent: sleep.sleep_efficiency,
      }),
      activity: () => ({
        kind: 'workout',
        name: object?.metadata?.name,
        seconds: (object?.active_durations_data as unknown as Record<string, number>).activity_seconds,
        meters: (distance.summary as Record<string, number>).distance_meters,
        calories: calories.net_activity_calories,
        averageBpm: heart.avg_hr_bpm,
      }),
    }[type]();
    expect(entry?.content).toEqual(expected);
    expect(Object.values(entry?.content ?? {})).not.toContain(null);
    expect(Object.values(entry?.content ?? {})).not.toContain(undefined);
  });

  it('has an entry on the day of the end user, a night on the day on which it ended', () => {
    const times = { start_time: '2026-11-25T23:10:00+05:30', end_time: '2026-11-26T07:00:00+05:30' };
    const day = (type: string): string | undefined =>
      entriesFrom(eventWith(type, { data: [{ metadata: times }] }))[0]?.day;
    expect([day('data.daily'), day('data.activity'), day('data.sleep')]).toEqual([
      '2026-11-25',
      '2026-11-25',
      '2026-11-26',
    ]);
  });

  it('has null for what a device does not measure, and for what is no number', () => {
    const object = {
      metadata: { start_time: '2026-11-26T00:00:00Z' },
      distance_data: { steps: '12', distance_meters: -1 },
      heart_rate_data: null,
    };
    const [entry] = entriesFrom(eventWith('data.daily', { data: [object] }));
    expect(new Set(Object.values(entry?.content ?? {}))).toEqual(new Set(['day', null]));
  });

  it('survives any payload and any body', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('data.daily', 'data.sleep', 'data.activity', 'data.body', 'constructor'),
        fc.oneof(fc.jsonValue(), fc.record({ data: fc.array(fc.jsonValue()) })),
        (type, payload) => {
          expect(Array.isArray(entriesFrom(eventWith(type, payload)))).toBe(true);
          serviceEventFrom(payload);
        },
      ),
      { numRuns: 300 },
    );
  });

  const stepsIn = (diary: Diary): unknown[] =>
    diary.entriesOf('pulse-1001').map(({ content }) => content.kind === 'day' && content.steps);

  it('shows the newest values of a day, in whatever order and however often the events arrive', () => {
    const events = [
      eventWith('data.daily', dailyOf('2026-11-26', 100)),
      eventWith('data.daily', dailyOf('2026-11-26', 300), { time: '2026-11-26T12:00:00.000Z' }),
      // Terra reported it late, so it has an older time and a higher sequence.
      eventWith('data.daily', dailyOf('2026-11-26', 200), {
        time: '2026-11-26T11:00:00.000Z',
        sequence: '0000000000000000009',
      }),
    ];
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2, 1, 0],
    ]) {
      const diary = new Diary();
      for (const index of order) diary.add('pulse-1001', events[index]!);
      expect(stepsIn(diary)).toEqual([300]);
    }
  });

  it('keeps the newest days of each end user, and nothing of one who is erased', () => {
    const diary = new Diary();
    const days = Array.from({ length: 28 }, (_, index) => `2026-11-${String(index + 1).padStart(2, '0')}`);
    for (const [index, day] of days.entries())
      diary.add('pulse-1001', eventWith('data.daily', dailyOf(day, index)));
    diary.add('pulse-1002', eventWith('data.daily', dailyOf('2026-11-01', 5)));
    expect(diary.entriesOf('pulse-1001').map(({ day }) => day)).toEqual(days.slice(-DIARY_DAYS).reverse());
    diary.forget('pulse-1001');
    expect(diary.entriesOf('pulse-1001')).toEqual([]);
    expect(diary.entriesOf('pulse-1002')).toHaveLength(1);
  });

  it('keeps a limited number of entries, however many a day has', () => {
    const diary = new Diary();
    const data = Array.from({ length: 5_000 }, (_, index) => ({
      metadata: { start_time: `2026-11-26T10:00:00.${index}Z` },
    }));
    diary.add('pulse-1001', eventWith('data.activity', { data }));
    expect(diary.entriesOf('pulse-1001')).toHaveLength(200);
  });
});
