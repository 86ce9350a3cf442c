import { MINUTE, startOfDay } from './local-time';
import type { Person } from './person';
import { Random } from './random';

/** Terra's numbers for stages of sleep (`SleepLevel`). */
export const STAGE = { awake: 1, light: 4, deep: 5, rem: 6 } as const;

interface Segment {
  stage: keyof typeof STAGE;
  minutes: number;
}

/** The night that ends on a day, from going to bed to getting up. */
export interface Night {
  start: number;
  end: number;
  /** Without gaps, from `start` to `end`. */
  segments: Segment[];
}

interface Workout {
  start: number;
  end: number;
  metersPerSecond: number;
  stepsPerMinute: number;
  averageHrBpm: number;
}

/** What one person does on one day, before any device has measured it. */
export interface DayPlan {
  day: string;
  /** Midnight at the beginning. */
  start: number;
  night: Night;
  restingHrBpm: number;
  hrvMs: number;
  /** Steps of each hour of the day, without those of the workout. */
  stepsByHour: number[];
  workout: Workout | null;
}

/** The same person, day and source always give the same plan. */
export function planOf(person: Person, source: string, day: string): DayPlan {
  const random = new Random(`${source} ${day}`);
  const start = startOfDay(day, person.zoneMinutes);
  const night = nightOf(person, random, start);
  const trains = person.trainingDays.includes(new Date(`${day}T00:00:00Z`).getUTCDay());
  return {
    day,
    start,
    night,
    restingHrBpm: person.restingHrBpm + random.integer(-3, 3),
    hrvMs: person.hrvMs + random.integer(-7, 7),
    stepsByHour: stepsByHour(person, random, Math.ceil((night.end - start) / (60 * MINUTE))),
    workout: trains ? workoutOf(person, random, start) : null,
  };
}

/** Cycles of about 90 minutes, as a device reports them: much deep sleep in the first ones, much REM in the last ones. */
function nightOf(person: Person, random: Random, dayStart: number): Night {
  const asleep = person.sleepMinutes + random.integer(-50, 40);
  const cycles = Math.round(asleep / 90);
  const segments: Segment[] = [{ stage: 'awake', minutes: random.integer(5, 20) }];
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const minutes = Math.floor((asleep * (cycle + 1)) / cycles) - Math.floor((asleep * cycle) / cycles);
    const deep = Math.round(minutes * Math.max(0.04, 0.36 - 0.1 * cycle));
    const rem = Math.round(minutes * Math.min(0.38, 0.1 + 0.08 * cycle));
    const before = Math.round((minutes - deep - rem) * random.between(0.3, 0.7));
    segments.push(
      { stage: 'light', minutes: before },
      { stage: 'deep', minutes: deep },
      { stage: 'light', minutes: minutes - deep - rem - before },
      { stage: 'rem', minutes: rem },
      { stage: 'awake', minutes: random.integer(1, 6) },
    );
  }
  const start = dayStart + (person.bedtimeMinute + random.integer(-35, 35)) * MINUTE;
  const inBed = segments.reduce((sum, { minutes }) => sum + minutes, 0);
  return { start, end: start + inBed * MINUTE, segments };
}

/** The hours of the night have no steps; those of the day have unequal shares. */
function stepsByHour(person: Person, random: Random, firstHour: number): number[] {
  const steps = person.stepsPerDay * random.between(0.7, 1.25);
  const shares = Array.from({ length: 24 }, (_, hour) =>
    hour < firstHour || hour > 21 ? 0 : random.between(0.2, 1.8),
  );
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => Math.round((steps * share) / sum));
}

function workoutOf(person: Person, random: Random, dayStart: number): Workout {
  const { sport, age, restingHrBpm } = person;
  // Before work is too near to the end of the night.
  const start = dayStart + random.integer(12 * 60, 19 * 60) * MINUTE;
  const reserve = 220 - age - restingHrBpm;
  return {
    start,
    end: start + random.integer(28, 70) * MINUTE,
    metersPerSecond: random.between(...sport.metersPerSecond),
    stepsPerMinute: sport.stepsPerMinute ? random.integer(...sport.stepsPerMinute) : 0,
    averageHrBpm: Math.round(restingHrBpm + reserve * Math.min(0.72, 0.2 + sport.met * 0.055)),
  };
}
