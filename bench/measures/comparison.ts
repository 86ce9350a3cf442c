import type { Outcome, Target } from '../rounds';
import { figure } from '../figures';
import type { Servers } from './start-up';

/** The outcomes of the same work at the service and at the baseline. */
export interface Comparison {
  name: string;
  service: Outcome;
  baseline: Outcome;
}

export function targetsOf({ service, baseline }: Servers): Record<'service' | 'baseline', Target> {
  return {
    service: { origin: service.origin, pid: service.program.pid },
    baseline: { origin: baseline.origin, pid: baseline.program.pid },
  };
}

export const COMPARISON_HEAD = [
  '',
  'service/s',
  'baseline/s',
  'ratio',
  'p50 ms',
  'p99 ms',
  'baseline p50',
  'baseline p99',
  'CPU ms each',
  'baseline CPU',
];

export function comparisonRow({ name, service, baseline }: Comparison): string[] {
  return [
    name,
    figure(service.perSecond),
    figure(baseline.perSecond),
    figure(service.perSecond / baseline.perSecond),
    figure(service.p50),
    figure(service.p99),
    figure(baseline.p50),
    figure(baseline.p99),
    figure(service.cpuMs),
    figure(baseline.cpuMs),
  ];
}
