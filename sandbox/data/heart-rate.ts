import type { DayPlan } from './day-plan';
import { MINUTE, wireTime } from './local-time';
import { round } from './person';
import { Random } from './random';
import type { Source } from './source';

/** Terra's numbers for the context of a heart rate (`HeartRateContext`). */
const CONTEXT = { active: 1, notActive: 2 };

/** Terra's `HeartRateData`: samples, and the summary of exactly these samples. */
export interface WireHeartRate {
  summary: {
    avg_hr_bpm: number;
    min_hr_bpm: number;
    max_hr_bpm: number;
    resting_hr_bpm: number;
    avg_hrv_rmssd: number;
    user_max_hr_bpm: number;
  };
  detailed: { hr_samples: { timestamp: string; bpm: number; context: number }[] };
}

/** @param span.everyMinutes distance between two samples, from `span.start` on; there is at least one */
export function heartRateOf(
  source: Source,
  plan: DayPlan,
  span: { start: number; end: number; everyMinutes: number },
): WireHeartRate {
  const { person, seed } = source;
  const random = new Random(`${seed} ${plan.day} heart rate ${span.start}`);
  const count = Math.max(1, Math.floor((span.end - span.start) / (span.everyMinutes * MINUTE)));
  const samples = Array.from({ length: count }, (_, index) => {
    const at = span.start + index * span.everyMinutes * MINUTE;
    return {
      timestamp: wireTime(at, person.zoneMinutes),
      bpm: beatsAt(plan, at, random.next()),
      context: isWithin(plan.workout, at) ? CONTEXT.active : CONTEXT.notActive,
    };
  });
  const beats = samples.map(({ bpm }) => bpm);
  const sum = beats.reduce((total, bpm) => total + bpm, 0);
  return {
    summary: {
      avg_hr_bpm: round(sum / beats.length, 1),
      min_hr_bpm: Math.min(...beats),
      max_hr_bpm: Math.max(...beats),
      resting_hr_bpm: plan.restingHrBpm,
      avg_hrv_rmssd: plan.hrvMs,
      user_max_hr_bpm: 220 - person.age,
    },
    detailed: { hr_samples: samples },
  };
}

/** @param chance from 0 to 1: how far the value is above the expected minimum */
function beatsAt({ night, workout, restingHrBpm }: DayPlan, at: number, chance: number): number {
  if (isWithin(night, at)) {
    const share = (at - night.start) / (night.end - night.start);
    return Math.round(restingHrBpm + 5 * (1 - Math.sin(Math.PI * share)) + 3 * chance);
  }
  if (workout && isWithin(workout, at)) {
    const warmUp = Math.min(1, (at - workout.start) / (8 * MINUTE));
    const target = workout.averageHrBpm - restingHrBpm;
    return Math.round(restingHrBpm + 15 + (target - 15) * warmUp + 8 * chance);
  }
  return Math.round(restingHrBpm + 8 + 24 * chance);
}

function isWithin(span: { start: number; end: number } | null, at: number): boolean {
  return span !== null && at >= span.start && at < span.end;
}
