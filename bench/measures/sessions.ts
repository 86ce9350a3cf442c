import type { Outcome, Rounds } from '../rounds';
import type { Harness } from '../harness';
import { figure } from '../figures';
import { expectSameAnswer } from './same-answer';
import type { Servers } from './start-up';
import { targetsOf, type Comparison } from './comparison';

const TERRA_DELAYS_MS = [0, 20];

export interface Overhead {
  terraDelayMs: number;
  terra: Outcome;
  service: Outcome;
  baseline: Outcome;
}

export interface SessionCosts {
  comparison: Comparison;
  overheads: Overhead[];
}

/** Measures `POST /v1/connect-sessions`: throughput, and the time that each server adds to Terra's answer time. */
export async function measureSessions(
  harness: Harness,
  rounds: Rounds,
  servers: Servers,
  overheadConcurrency: number,
): Promise<SessionCosts> {
  await harness.setTerraDelay(0);
  const volatileFields = ['id', 'connectUrl', 'widgetUrl', 'createdAt', 'expiresAt'];
  await expectSameAnswer('sessions', harness.credentials, servers, volatileFields);
  const created = { service: 1, baseline: 1 };
  const count = (outcomes: Record<'service' | 'baseline', Outcome>): void => {
    created.service += outcomes.service.requests;
    created.baseline += outcomes.baseline.requests;
  };

  const throughput = await rounds.alternate('sessions', targetsOf(servers));
  count(throughput);
  const terra = {
    origin: harness.sandbox.origin,
    pid: harness.sandbox.program.pid,
    workload: 'terra-sessions' as const,
  };
  const overheads: Overhead[] = [];
  for (const terraDelayMs of TERRA_DELAYS_MS) {
    await harness.setTerraDelay(terraDelayMs);
    const targets = { terra, ...targetsOf(servers) };
    const outcomes = await rounds.alternate('sessions', targets, {
      concurrency: overheadConcurrency,
      shorter: true,
    });
    count(outcomes);
    overheads.push({ terraDelayMs, ...outcomes });
  }
  await harness.setTerraDelay(0);
  for (const name of ['service', 'baseline'] as const) {
    await harness.databases[name].expectRows('connect_sessions', created[name], 'widget_url IS NOT NULL');
  }
  return { comparison: { name: 'session creation, Terra answers at once', ...throughput }, overheads };
}

export const OVERHEAD_HEAD = ['', 'Terra alone', 'service', 'added', 'baseline', 'added'];

export function overheadRows(overheads: Overhead[]): string[][] {
  return overheads.flatMap(({ terraDelayMs, terra, service, baseline }) =>
    (['p50', 'p95'] as const).map((name) => [
      `Terra waits ${terraDelayMs} ms, ${name}`,
      figure(terra[name]),
      figure(service[name]),
      figure(service[name] - terra[name]),
      figure(baseline[name]),
      figure(baseline[name] - terra[name]),
    ]),
  );
}
