import type { Outcome, Rounds } from '../rounds';
import type { Stage } from '../stage';
import { figure } from '../table';
import { expectSameAnswer } from './same-answer';
import type { Servers } from './start-up';
import { sidesOf, type Comparison } from './comparison';

const TERRA_DELAYS_MS = [0, 20];

export interface Overhead {
  terraDelayMs: number;
  terra: Outcome;
  service: Outcome;
  peer: Outcome;
}

export interface SessionCosts {
  comparison: Comparison;
  overheads: Overhead[];
}

/** `POST /v1/connect-sessions`: throughput, and what we add to the time that Terra takes. */
export async function measureSessions(
  stage: Stage,
  rounds: Rounds,
  servers: Servers,
  overheadConcurrency: number,
): Promise<SessionCosts> {
  await stage.setTerraDelay(0);
  await expectSameAnswer('sessions', stage.credentials, servers, {
    apart: ['id', 'connectUrl', 'widgetUrl', 'createdAt', 'expiresAt'],
  });
  const made = { service: 1, peer: 1 };
  const count = (outcomes: Record<'service' | 'peer', Outcome>): void => {
    made.service += outcomes.service.requests;
    made.peer += outcomes.peer.requests;
  };

  const throughput = await rounds.alternate('sessions', sidesOf(servers));
  count(throughput);
  const terra = { origin: stage.sandboxOrigin, pid: stage.sandbox.pid, workload: 'terra-sessions' as const };
  const overheads: Overhead[] = [];
  for (const terraDelayMs of TERRA_DELAYS_MS) {
    await stage.setTerraDelay(terraDelayMs);
    const sides = { terra, ...sidesOf(servers) };
    const outcomes = await rounds.alternate('sessions', sides, {
      concurrency: overheadConcurrency,
      shorter: true,
    });
    count(outcomes);
    overheads.push({ terraDelayMs, ...outcomes });
  }
  await stage.setTerraDelay(0);
  for (const name of ['service', 'peer'] as const) {
    await stage.databases[name].expectRows('connect_sessions', made[name], 'widget_url IS NOT NULL');
  }
  return { comparison: { name: 'session creation, Terra answers at once', ...throughput }, overheads };
}

export const OVERHEAD_HEAD = ['', 'Terra alone', 'service', 'added', 'peer', 'added'];

export function overheadRows(overheads: Overhead[]): string[][] {
  return overheads.flatMap(({ terraDelayMs, terra, service, peer }) =>
    (['p50', 'p95'] as const).map((name) => [
      `Terra waits ${terraDelayMs} ms, ${name}`,
      figure(terra[name]),
      figure(service[name]),
      figure(service[name] - terra[name]),
      figure(peer[name]),
      figure(peer[name] - terra[name]),
    ]),
  );
}
