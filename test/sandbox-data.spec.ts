import { planOf } from '../sandbox/data/day-plan';
import {
  DAY_DATA_TYPES,
  latestDataEvent,
  objectsOfDays,
  type DayDataType,
} from '../sandbox/data/data-events';
import { dailyObject } from '../sandbox/data/data-objects';
import { DAY, HOUR, localDay, MINUTE, wireTime } from '../sandbox/data/local-time';
import { sourceOf } from '../sandbox/data/source';
import { PROVIDERS } from '../sandbox/account/providers';
import type { LinkedUser } from '../sandbox/account/linked-user';

const NOW = Date.parse('2026-11-26T15:20:00Z');
const PEOPLE = Array.from({ length: 10 }, (_, n) => linkedUser(n));
const DAYS = 15;

interface Daily {
  metadata: { start_time: string; end_time: string };
  distance_data: { steps: number; distance_meters: number; detailed: { step_samples: { steps: number }[] } };
  calories_data: { BMR_calories: number; net_activity_calories: number; total_burned_calories: number };
}
interface Sleep {
  metadata: { start_time: string; end_time: string };
  sleep_durations_data: {
    asleep: Record<string, number>;
    awake: Record<string, number>;
    other: { duration_in_bed_seconds: number };
    sleep_efficiency: number;
    hypnogram_samples: { timestamp: string; level: number }[];
  };
}
interface Activity {
  metadata: { start_time: string; end_time: string; type: number };
  distance_data: { summary: { distance_meters: number; steps: number } };
  movement_data: { avg_speed_meters_per_second: number };
  active_durations_data: { activity_seconds: number };
}
interface HeartRate {
  heart_rate_data: {
    summary: Record<'avg_hr_bpm' | 'min_hr_bpm' | 'max_hr_bpm' | 'resting_hr_bpm' | 'avg_hrv_rmssd', number>;
    detailed: { hr_samples: { timestamp: string; bpm: number }[] };
  };
}

function linkedUser(n: number): LinkedUser {
  return {
    userId: `user-${n}`,
    provider: PROVIDERS[n % PROVIDERS.length]?.code ?? 'GARMIN',
    referenceId: `u_${n}`,
    providerAccount: `u_${n}@example.com`,
    scopes: [],
    active: true,
    createdAt: NOW - DAY,
    lastWebhookUpdate: null,
    isAuthenticated: true,
  };
}

function daysOf<T>(type: DayDataType, user: LinkedUser): T[] {
  return objectsOfDays(user, type, DAYS, NOW) as unknown as T[];
}

const secondsOf = ({ metadata }: { metadata: { start_time: string; end_time: string } }): number =>
  (Date.parse(metadata.end_time) - Date.parse(metadata.start_time)) / 1_000;
const meanOf = (numbers: number[]): number => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

describe('The health data of the sandbox', () => {
  it('are the same for the same account and time, whatever the Terra user id, and differ between accounts', () => {
    const user = linkedUser(5);
    for (const type of DAY_DATA_TYPES) {
      const { data } = latestDataEvent(user, type, NOW);
      expect(data).toHaveLength(1);
      expect(latestDataEvent({ ...user, userId: 'after-a-reconnect' }, type, NOW).data).toEqual(data);
      expect(latestDataEvent({ ...user, providerAccount: 'other' }, type, NOW).data).not.toEqual(data);
    }
  });

  it('have the shape of a Terra event, with times in a zone', () => {
    const user = linkedUser(1);
    for (const type of DAY_DATA_TYPES) {
      expect(latestDataEvent(user, type, NOW)).toEqual({
        type,
        user: expect.objectContaining({ user_id: 'user-1', reference_id: 'u_1' }) as unknown,
        data: [expect.objectContaining({ device_data: expect.any(Object) as unknown })],
        version: '2022-03-16',
      });
    }
    const times = PEOPLE.flatMap((one) => DAY_DATA_TYPES.flatMap((type) => daysOf<Daily>(type, one))).flatMap(
      ({ metadata }) => [metadata.start_time, metadata.end_time],
    );
    const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000000[+-]\d\d:\d\d$/;
    expect(times.filter((time) => !form.test(time) || Number.isNaN(Date.parse(time)))).toEqual([]);
    expect(wireTime(Date.parse('2026-11-26T02:00:00Z'), -210)).toBe('2026-11-25T22:30:00.000000-03:30');
  });

  it('of a day span it from midnight to midnight, and add up', () => {
    for (const user of PEOPLE) {
      for (const daily of daysOf<Daily>('daily', user)) {
        const { steps, distance_meters, detailed } = daily.distance_data;
        expect([secondsOf(daily), daily.metadata.start_time.slice(11, 19)]).toEqual([86_400, '00:00:00']);
        expect(detailed.step_samples.reduce((sum, sample) => sum + sample.steps, 0)).toBe(steps);
        // Nobody has shorter or longer steps on average, also on a day with a run.
        if (steps > 0) expect(distance_meters / steps).toBeGreaterThan(0.55);
        if (steps > 0) expect(distance_meters / steps).toBeLessThan(1.1);
        const { BMR_calories, net_activity_calories, total_burned_calories } = daily.calories_data;
        expect(BMR_calories + net_activity_calories).toBe(total_burned_calories);
      }
    }
  });

  it('of a night have stages that add up to the sleep, and a hypnogram that agrees with them', () => {
    for (const user of PEOPLE) {
      const nights = daysOf<Sleep>('sleep', user);
      expect(nights.length).toBeGreaterThanOrEqual(DAYS - 1);
      for (const night of nights) {
        const { asleep, awake, other, sleep_efficiency, hypnogram_samples } = night.sleep_durations_data;
        const total = asleep.duration_asleep_state_seconds ?? 0;
        expect(secondsOf(night)).toBe(other.duration_in_bed_seconds);
        expect(total + (awake.duration_awake_state_seconds ?? 0)).toBe(other.duration_in_bed_seconds);
        expect(sleep_efficiency).toBeCloseTo((100 * total) / other.duration_in_bed_seconds, 1);
        expect(total / 3_600).toBeGreaterThan(5);
        expect(total / 3_600).toBeLessThan(10);
        const bounds = [...hypnogram_samples.map(({ timestamp }) => timestamp), night.metadata.end_time];
        const inStage = (level: number): number =>
          hypnogram_samples.reduce((sum, sample, index) => {
            const length = Date.parse(bounds[index + 1] ?? '') - Date.parse(sample.timestamp);
            return sample.level === level ? sum + length / 1_000 : sum;
          }, 0);
        expect(hypnogram_samples[0]?.timestamp).toBe(night.metadata.start_time);
        expect([inStage(1), inStage(4), inStage(5), inStage(6)]).toEqual([
          awake.duration_awake_state_seconds,
          asleep.duration_light_sleep_state_seconds,
          asleep.duration_deep_sleep_state_seconds,
          asleep.duration_REM_sleep_state_seconds,
        ]);
      }
    }
  });

  it('of an activity agree with its duration and with the steps of its day', () => {
    for (const user of PEOPLE) {
      const activities = daysOf<Activity>('activity', user);
      expect(activities.length).toBeGreaterThanOrEqual(DAYS / 4);
      const daily = daysOf<Daily>('daily', user);
      for (const activity of activities) {
        const { distance_meters, steps } = activity.distance_data.summary;
        const seconds = activity.active_durations_data.activity_seconds;
        expect(secondsOf(activity)).toBe(seconds);
        const speed = activity.movement_data.avg_speed_meters_per_second;
        expect(Math.abs(distance_meters / seconds - speed)).toBeLessThan(0.01);
        const { zoneMinutes } = sourceOf(user).person;
        const day = localDay(Date.parse(activity.metadata.start_time), zoneMinutes);
        const ofDay = daily.find(({ metadata }) => metadata.start_time.startsWith(day));
        expect(ofDay?.distance_data.steps).toBeGreaterThan(steps);
        if (steps > 0) expect(ofDay?.distance_data.distance_meters).toBeGreaterThan(distance_meters);
      }
    }
  });

  it('have heart rates whose summary is that of the samples, lowest in the night and highest in a workout', () => {
    for (const user of PEOPLE) {
      const means = (['sleep', 'daily', 'activity'] as const).map((type) => {
        const objects = daysOf<HeartRate>(type, user).map(({ heart_rate_data }) => heart_rate_data);
        for (const { summary, detailed } of objects) {
          const beats = detailed.hr_samples.map(({ bpm }) => bpm);
          expect([summary.min_hr_bpm, summary.max_hr_bpm]).toEqual([Math.min(...beats), Math.max(...beats)]);
          expect(summary.avg_hr_bpm).toBeCloseTo(meanOf(beats), 0);
          expect(summary.resting_hr_bpm).toBeGreaterThanOrEqual(45);
          expect(summary.avg_hrv_rmssd).toBeGreaterThan(5);
          expect(summary.max_hr_bpm).toBeLessThan(200);
        }
        return meanOf(objects.map(({ summary }) => summary.avg_hr_bpm));
      });
      expect(means).toEqual([...means].sort((a, b) => a - b));
    }
  });

  it('differ from day to day around the baseline of the person', () => {
    for (const user of PEOPLE) {
      const { person } = sourceOf(user);
      const complete = daysOf<Daily & HeartRate>('daily', user).slice(0, -1);
      const steps = complete.map(({ distance_data }) => distance_data.steps);
      expect(new Set(steps).size).toBeGreaterThan(DAYS - 4);
      expect(Math.min(...steps)).toBeGreaterThan(person.stepsPerDay * 0.65);
      const resting = complete.map(({ heart_rate_data }) => heart_rate_data.summary.resting_hr_bpm);
      expect(Math.max(...resting.map((bpm) => Math.abs(bpm - person.restingHrBpm)))).toBeLessThanOrEqual(3);
      expect(new Set(resting).size).toBeGreaterThan(2);
    }
    expect(new Set(PEOPLE.map((user) => sourceOf(user).person.stepsPerDay)).size).toBeGreaterThan(8);
  });

  it('of today only grow while the day goes on, and tell nothing of what is still to come', () => {
    for (const user of PEOPLE.slice(0, 3)) {
      const source = sourceOf(user);
      const day = localDay(NOW, source.person.zoneMinutes);
      const { start, night, workout } = planOf(source.person, source.seed, day);
      let before = -1;
      for (let at = start; at <= start + 25 * HOUR; at += 37 * MINUTE) {
        const daily = dailyObject(source, day, at) as unknown as Daily & HeartRate;
        expect(daily.distance_data.steps).toBeGreaterThanOrEqual(before);
        before = daily.distance_data.steps;
        const last = daily.heart_rate_data.detailed.hr_samples.at(-1)?.timestamp ?? '';
        expect(Date.parse(last)).toBeLessThanOrEqual(at);
        const ends = (type: DayDataType): number[] =>
          (latestDataEvent(user, type, at).data as Daily[]).map((one) => Date.parse(one.metadata.end_time));
        expect(ends('sleep')).toEqual([at >= night.end ? night.end : expect.any(Number)]);
        expect(Math.max(...ends('sleep'), ...ends('activity'))).toBeLessThanOrEqual(at);
      }
      expect(dailyObject(source, day, start - 1)).toBeNull();
      const whole = dailyObject(source, day, NOW + 2 * DAY);
      expect(dailyObject(source, day, NOW + 3 * DAY)).toEqual(whole);
      if (workout) expect(before).toBeGreaterThan(0);
    }
  });

  it('count the steps of a walk on top', () => {
    const source = sourceOf(linkedUser(3));
    const day = localDay(NOW, source.person.zoneMinutes);
    const [without, withWalk] = [0, 500].map(
      (walked) => (dailyObject(source, day, NOW, walked) as unknown as Daily).distance_data,
    );
    expect((withWalk?.steps ?? 0) - (without?.steps ?? 0)).toBe(500);
    expect(withWalk?.distance_meters).toBeGreaterThan(without?.distance_meters ?? 0);
  });
});
