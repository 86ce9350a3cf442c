import { planOf, STAGE, type DayPlan, type Night } from './day-plan';
import { heartRateOf, type WireHeartRate } from './heart-rate';
import { DAY, HOUR, MINUTE, wireTime } from './local-time';
import { restingCalories, round } from './person';
import { deviceOf, type Source, type WireDevice } from './source';

/** One entry of `data` in a data event of Terra. The shapes are those of Terra's published data models. */
export interface DataObject {
  metadata: { start_time: string; end_time: string } & Record<string, unknown>;
  device_data: WireDevice;
  heart_rate_data?: WireHeartRate;
  [part: string]: unknown;
}

/** Terra's numbers for an automatic upload (`UploadType`, `SleepUploadType`). */
const AUTOMATIC = 1;
const AUTOMATIC_SLEEP = 2;

/**
 * What the device has counted on a day until `at`; null if the day has not begun.
 *
 * @param walkedSteps steps that come on top of the plan of the day
 */
export function dailyObject(source: Source, day: string, at: number, walkedSteps = 0): DataObject | null {
  const { person, provider, seed } = source;
  const plan = planOf(person, seed, day);
  const until = Math.min(at, plan.start + DAY);
  if (until < plan.start) return null;
  const stepsByHour = countSteps(plan, until, walkedSteps);
  const steps = sumOf(stepsByHour);
  const trained = trainedUntil(plan, until);
  const walked = steps - trained.steps;
  const meters = walked * person.metersPerStep + (trained.steps > 0 ? trained.meters : 0);
  const atRest = Math.round((restingCalories(person) * (until - plan.start)) / DAY);
  const active = Math.round(
    (walked * 0.04 * person.weightKg) / 70 + trained.minutes * caloriesPerMinute(source),
  );
  return {
    metadata: { ...wholeDay(plan.start, person.zoneMinutes), upload_type: AUTOMATIC },
    distance_data: {
      steps,
      distance_meters: Math.round(meters),
      detailed: {
        step_samples: stepsByHour.map((counted, hour) => ({
          timestamp: wireTime(plan.start + hour * HOUR, person.zoneMinutes),
          steps: counted,
        })),
      },
    },
    calories_data: {
      BMR_calories: atRest,
      net_activity_calories: active,
      total_burned_calories: atRest + active,
    },
    active_durations_data: { activity_seconds: Math.round((walked / 105 + trained.minutes) * 60) },
    heart_rate_data: heartRateOf(source, plan, { start: plan.start, end: until, everyMinutes: 15 }),
    device_data: deviceOf(provider),
  };
}

/** The night that ends on a day; null if it has not ended. */
export function sleepObject(source: Source, day: string, at: number): DataObject | null {
  const { person, provider, seed } = source;
  const plan = planOf(person, seed, day);
  const { night } = plan;
  if (at < night.end) return null;
  const seconds = (stage: keyof typeof STAGE): number =>
    60 * sumOf(night.segments.filter((segment) => segment.stage === stage).map(({ minutes }) => minutes));
  const asleep = seconds('light') + seconds('deep') + seconds('rem');
  const inBed = (night.end - night.start) / 1_000;
  return {
    metadata: {
      start_time: wireTime(night.start, person.zoneMinutes),
      end_time: wireTime(night.end, person.zoneMinutes),
      is_nap: false,
      summary_id: `${day}-sleep`,
      upload_type: AUTOMATIC_SLEEP,
    },
    sleep_durations_data: {
      asleep: {
        duration_asleep_state_seconds: asleep,
        duration_light_sleep_state_seconds: seconds('light'),
        duration_deep_sleep_state_seconds: seconds('deep'),
        duration_REM_sleep_state_seconds: seconds('rem'),
        num_REM_events: night.segments.filter(({ stage }) => stage === 'rem').length,
      },
      awake: {
        duration_awake_state_seconds: inBed - asleep,
        num_wakeup_events: night.segments.filter(({ stage }) => stage === 'awake').length - 1,
        sleep_latency_seconds: 60 * (night.segments[0]?.minutes ?? 0),
      },
      other: { duration_in_bed_seconds: inBed },
      sleep_efficiency: round((100 * asleep) / inBed, 1),
      hypnogram_samples: hypnogram(night, person.zoneMinutes),
    },
    heart_rate_data: heartRateOf(source, plan, { ...night, everyMinutes: 5 }),
    device_data: deviceOf(provider),
  };
}

/** The workout of a day; null without one, and if it has not ended. */
export function activityObject(source: Source, day: string, at: number): DataObject | null {
  const { person, provider, seed } = source;
  const plan = planOf(person, seed, day);
  const { workout } = plan;
  if (!workout || at < workout.end) return null;
  const { minutes, meters, steps } = trainedUntil(plan, workout.end);
  const active = Math.round(minutes * caloriesPerMinute(source));
  return {
    metadata: {
      start_time: wireTime(workout.start, person.zoneMinutes),
      end_time: wireTime(workout.end, person.zoneMinutes),
      summary_id: `${day}-activity`,
      name: person.sport.name,
      type: person.sport.type,
      upload_type: AUTOMATIC,
    },
    distance_data: { summary: { distance_meters: Math.round(meters), steps } },
    movement_data: {
      avg_speed_meters_per_second: round(workout.metersPerSecond, 2),
      avg_pace_minutes_per_kilometer: round(1_000 / workout.metersPerSecond / 60, 2),
    },
    calories_data: { net_activity_calories: active },
    active_durations_data: { activity_seconds: minutes * 60 },
    heart_rate_data: heartRateOf(source, plan, { ...workout, everyMinutes: 1 }),
    device_data: deviceOf(provider),
  };
}

/** A measurement of weight, on the morning of a day; null before it. */
export function bodyObject(source: Source, day: string, at: number): DataObject | null {
  const { person, provider, seed } = source;
  const { start, night, restingHrBpm } = planOf(person, seed, day);
  if (at < night.end) return null;
  const weightKg = round(person.weightKg + (restingHrBpm - person.restingHrBpm) / 10, 1);
  return {
    metadata: wholeDay(start, person.zoneMinutes),
    measurements_data: {
      measurements: [
        {
          measurement_time: wireTime(night.end, person.zoneMinutes),
          weight_kg: weightKg,
          height_cm: person.heightCm,
          BMI: round(weightKg / (person.heightCm / 100) ** 2, 1),
        },
      ],
    },
    device_data: deviceOf(provider),
  };
}

/** Terra: the metadata of a day span it from midnight to midnight, also while the day goes on. */
function wholeDay(start: number, zoneMinutes: number): { start_time: string; end_time: string } {
  return { start_time: wireTime(start, zoneMinutes), end_time: wireTime(start + DAY, zoneMinutes) };
}

/** Steps of each hour that has begun. */
function countSteps(plan: DayPlan, until: number, walkedSteps: number): number[] {
  const hours = Math.min(24, Math.floor((until - plan.start) / HOUR) + 1);
  return Array.from({ length: hours }, (_, hour) => {
    const from = plan.start + hour * HOUR;
    const to = Math.min(from + HOUR, until);
    const walked = Math.floor(((plan.stepsByHour[hour] ?? 0) * (to - from)) / HOUR);
    const trained = trainedUntil(plan, to).steps - trainedUntil(plan, from).steps;
    return walked + trained + (hour === hours - 1 ? walkedSteps : 0);
  });
}

/** In whole minutes, so that the steps of an activity are exactly those that the day counts for it. */
function trainedUntil(
  { workout }: DayPlan,
  until: number,
): { minutes: number; meters: number; steps: number } {
  if (!workout || until <= workout.start) return { minutes: 0, meters: 0, steps: 0 };
  const minutes = Math.floor((Math.min(until, workout.end) - workout.start) / MINUTE);
  return {
    minutes,
    meters: minutes * 60 * workout.metersPerSecond,
    steps: minutes * workout.stepsPerMinute,
  };
}

function caloriesPerMinute({ person }: Source): number {
  return ((person.sport.met - 1) * person.weightKg) / 60;
}

/** Each sample begins its stage, which lasts until the next sample (Terra: "single timestamp hypnogram"). */
function hypnogram({ start, segments }: Night, zoneMinutes: number): { timestamp: string; level: number }[] {
  let at = start;
  return segments.map(({ stage, minutes }) => {
    const sample = { timestamp: wireTime(at, zoneMinutes), level: STAGE[stage] };
    at += minutes * MINUTE;
    return sample;
  });
}

function sumOf(numbers: number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
