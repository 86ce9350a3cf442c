import { recordFrom, type ServiceEvent } from '../events/service-event';

/** What a device has counted on a day. Here and below: null is what the device does not measure. */
export interface DayEntry {
  kind: 'day';
  steps: number | null;
  meters: number | null;
  calories: number | null;
  restingBpm: number | null;
  averageBpm: number | null;
  lowestBpm: number | null;
  highestBpm: number | null;
  hrvMs: number | null;
}

export interface NightEntry {
  kind: 'night';
  asleepSeconds: number | null;
  deepSeconds: number | null;
  remSeconds: number | null;
  awakeSeconds: number | null;
  efficiencyPercent: number | null;
}

export interface WorkoutEntry {
  kind: 'workout';
  name: string;
  seconds: number | null;
  meters: number | null;
  calories: number | null;
  averageBpm: number | null;
}

/** One entry of the diary. */
export interface Entry {
  /** The same for every update of the entry. */
  key: string;
  connectionId: string;
  provider: string;
  /** The day where the end user was, such as `2026-11-26`; for a night, the day on which it ended. */
  day: string;
  content: DayEntry | NightEntry | WorkoutEntry;
}

const MAX_NAME_LENGTH = 60;
const DAY = /^\d{4}-\d{2}-\d{2}/;

/**
 * The entries in an event with health data. `payload` is Terra's body as Terra sent it, so any part may be absent, or not
 * what its name says: an object without a day is left out, and a value that is no number is null.
 */
export function entriesFrom({ type, data }: ServiceEvent): Entry[] {
  const { connectionId, provider, payload } = data;
  const read = READERS.get(type);
  if (!read || typeof connectionId !== 'string' || typeof provider !== 'string') return [];
  const objects = recordFrom(payload).data;
  if (!Array.isArray(objects)) return [];
  return objects.flatMap((object: unknown) => {
    const { start_time: start, end_time: end } = recordFrom(recordFrom(object).metadata);
    const content = read(object);
    const day = DAY.exec(String(content.kind === 'night' ? end : start))?.[0];
    if (day === undefined || typeof start !== 'string') return [];
    const startOfKey = content.kind === 'day' ? day : start;
    return [{ key: `${connectionId} ${content.kind} ${startOfKey}`, connectionId, provider, day, content }];
  });
}

const READERS = new Map<string, (object: unknown) => Entry['content']>([
  [
    'data.daily',
    (object) => ({
      kind: 'day',
      steps: numberAt(object, 'distance_data', 'steps'),
      meters: numberAt(object, 'distance_data', 'distance_meters'),
      calories: numberAt(object, 'calories_data', 'total_burned_calories'),
      restingBpm: numberAt(object, 'heart_rate_data', 'summary', 'resting_hr_bpm'),
      averageBpm: numberAt(object, 'heart_rate_data', 'summary', 'avg_hr_bpm'),
      lowestBpm: numberAt(object, 'heart_rate_data', 'summary', 'min_hr_bpm'),
      highestBpm: numberAt(object, 'heart_rate_data', 'summary', 'max_hr_bpm'),
      hrvMs: numberAt(object, 'heart_rate_data', 'summary', 'avg_hrv_rmssd'),
    }),
  ],
  [
    'data.sleep',
    (object) => ({
      kind: 'night',
      asleepSeconds: numberAt(object, 'sleep_durations_data', 'asleep', 'duration_asleep_state_seconds'),
      deepSeconds: numberAt(object, 'sleep_durations_data', 'asleep', 'duration_deep_sleep_state_seconds'),
      remSeconds: numberAt(object, 'sleep_durations_data', 'asleep', 'duration_REM_sleep_state_seconds'),
      awakeSeconds: numberAt(object, 'sleep_durations_data', 'awake', 'duration_awake_state_seconds'),
      efficiencyPercent: numberAt(object, 'sleep_durations_data', 'sleep_efficiency'),
    }),
  ],
  [
    'data.activity',
    (object) => {
      const { name, start_time: start, end_time: end } = recordFrom(recordFrom(object).metadata);
      const seconds = (Date.parse(String(end)) - Date.parse(String(start))) / 1_000;
      return {
        kind: 'workout',
        name: typeof name === 'string' && name !== '' ? name.slice(0, MAX_NAME_LENGTH) : 'Workout',
        seconds: seconds >= 0 ? seconds : null,
        meters: numberAt(object, 'distance_data', 'summary', 'distance_meters'),
        calories: numberAt(object, 'calories_data', 'net_activity_calories'),
        averageBpm: numberAt(object, 'heart_rate_data', 'summary', 'avg_hr_bpm'),
      };
    },
  ],
]);

function numberAt(object: unknown, ...path: string[]): number | null {
  const value = path.reduce<unknown>((parent, name) => recordFrom(parent)[name], object);
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}
