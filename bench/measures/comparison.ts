import type { Outcome, Side } from '../rounds';
import { figure } from '../table';
import type { Servers } from './start-up';

/** The same work, done by the service and by its peer. */
export interface Comparison {
  name: string;
  service: Outcome;
  peer: Outcome;
}

export function sidesOf({ service, peer }: Servers): Record<'service' | 'peer', Side> {
  return {
    service: { origin: service.origin, pid: service.program.pid },
    peer: { origin: peer.origin, pid: peer.program.pid },
  };
}

export const COMPARISON_HEAD = [
  '',
  'service/s',
  'peer/s',
  'ratio',
  'p50 ms',
  'p99 ms',
  'peer p50',
  'peer p99',
  'CPU ms each',
  'peer CPU',
];

export function comparisonRow({ name, service, peer }: Comparison): string[] {
  return [
    name,
    figure(service.perSecond),
    figure(peer.perSecond),
    figure(service.perSecond / peer.perSecond),
    figure(service.p50),
    figure(service.p99),
    figure(peer.p50),
    figure(peer.p99),
    figure(service.cpuMs),
    figure(peer.cpuMs),
  ];
}
