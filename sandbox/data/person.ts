import { Random } from './random';

/** A kind of workout, with Terra's number for it (`ActivityType`). */
interface Sport {
  type: number;
  name: string;
  metersPerSecond: readonly [min: number, max: number];
  /** Null: the sport has no steps. */
  stepsPerMinute: readonly [min: number, max: number] | null;
  /** Multiple of the energy that the body uses at rest. */
  met: number;
}

const SPORTS = [
  { type: 8, name: 'Running', metersPerSecond: [2.4, 3.4], stepsPerMinute: [160, 176], met: 9.5 },
  { type: 7, name: 'Walking', metersPerSecond: [1.3, 1.6], stepsPerMinute: [104, 118], met: 3.8 },
  { type: 1, name: 'Biking', metersPerSecond: [5, 8], stepsPerMinute: null, met: 7.5 },
] as const satisfies Sport[];
/** Minutes ahead of UTC. */
const ZONES = [0, 60, 60, 120, -300, 330] as const;

/** What stays the same from day to day for the owner of one provider account. */
export interface Person {
  age: number;
  sex: 'female' | 'male';
  heightCm: number;
  weightKg: number;
  zoneMinutes: number;
  restingHrBpm: number;
  hrvMs: number;
  stepsPerDay: number;
  metersPerStep: number;
  sleepMinutes: number;
  /** Minutes from midnight to the usual bedtime; negative before midnight. */
  bedtimeMinute: number;
  sport: Sport;
  /** Days of the week with a workout; 0 is Sunday. */
  trainingDays: readonly number[];
}

/** The same account always gives the same person, also under another Terra user id after a reconnect. */
export function personOf(providerAccount: string): Person {
  const random = new Random(`person ${providerAccount}`);
  const age = random.integer(22, 64);
  const sex = random.pick(['female', 'male']);
  const heightCm = sex === 'female' ? random.integer(155, 178) : random.integer(166, 192);
  const bodyMassIndex = random.between(20, 27.5);
  const firstTrainingDay = random.integer(0, 6);
  return {
    age,
    sex,
    heightCm,
    weightKg: round(bodyMassIndex * (heightCm / 100) ** 2, 1),
    zoneMinutes: random.pick(ZONES),
    restingHrBpm: random.integer(50, 66),
    hrvMs: Math.round(random.between(75, 95) - age * random.between(0.6, 0.9)),
    stepsPerDay: random.integer(5_500, 12_000),
    metersPerStep: round((heightCm / 100) * random.between(0.405, 0.425), 3),
    sleepMinutes: random.integer(395, 490),
    bedtimeMinute: random.integer(-120, 20),
    sport: random.pick(SPORTS),
    trainingDays: [0, 2, 4].map((offset) => (firstTrainingDay + offset) % 7),
  };
}

/** Calories that the body burns at rest in 24 hours (Mifflin and St Jeor). */
export function restingCalories({ age, sex, heightCm, weightKg }: Person): number {
  return Math.round(10 * weightKg + 6.25 * heightCm - 5 * age + (sex === 'female' ? -161 : 5));
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
