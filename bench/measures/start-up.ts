import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf, processorSecondsOf } from '../system';
import type { Options } from '../options';
import type { Harness, RunningServer } from '../harness';
import { figure, median, table } from '../figures';

const MEGABYTE = 1_024 * 1_024;
const START_TARGET_MS = 2_000;
const IDLE_TARGET_BYTES = 160 * MEGABYTE;

export interface Servers {
  service: RunningServer;
  baseline: RunningServer;
}

interface ProcessCosts {
  startMs: number;
  /** Processor time until ready. Unlike startMs, this time does not depend on other programs of the machine. */
  startCpuSeconds: number;
  idleBytes: number;
}

export type StartUp = Record<keyof Servers, ProcessCosts>;

/** Starts both servers several times. The last ones keep running for the measures that follow. */
export async function measureStartUp(
  harness: Harness,
  options: Options,
): Promise<{ servers: Servers; startUp: StartUp }> {
  const baseline = await startRepeatedly(() => harness.startBaseline(), options.starts);
  const service = await startRepeatedly(() => harness.startService({ workers: false }), options.starts);
  await sleep(options.idleSeconds * 1_000);
  return {
    servers: { service: service.last, baseline: baseline.last },
    startUp: { service: costsOf(service), baseline: costsOf(baseline) },
  };
}

interface Starts {
  last: RunningServer;
  times: number[];
  cpuSeconds: number[];
}

async function startRepeatedly(start: () => Promise<RunningServer>, starts: number): Promise<Starts> {
  const times: number[] = [];
  const cpuSeconds: number[] = [];
  for (;;) {
    const last = await start();
    times.push(last.startMs);
    cpuSeconds.push(processorSecondsOf(last.program.pid));
    if (times.length === starts) return { last, times, cpuSeconds };
    await last.program.stop();
  }
}

function costsOf({ last, times, cpuSeconds }: Starts): ProcessCosts {
  return {
    startMs: median(times),
    startCpuSeconds: median(cpuSeconds),
    idleBytes: memoryOf(last.program.pid),
  };
}

export async function reportStartUp(
  { service, baseline }: StartUp,
  servers: Servers,
  { starts, idleSeconds }: Options,
): Promise<string> {
  await sleep(idleSeconds * 1_000);
  const memoryAfterLoad = [servers.service, servers.baseline].map(({ program }) =>
    megabytes(memoryOf(program.pid)),
  );
  return table(
    ['process', 'service', 'baseline', 'target', ''],
    [
      [
        `spawn to ready, s (median of ${starts})`,
        figure(service.startMs / 1_000),
        figure(baseline.startMs / 1_000),
        `under ${START_TARGET_MS / 1_000}`,
        metOrNot(service.startMs < START_TARGET_MS),
      ],
      ['processor time until ready, s', figure(service.startCpuSeconds), figure(baseline.startCpuSeconds)],
      [
        `memory ${idleSeconds} s after ready, MB`,
        megabytes(service.idleBytes),
        megabytes(baseline.idleBytes),
        `under ${IDLE_TARGET_BYTES / MEGABYTE}`,
        metOrNot(service.idleBytes < IDLE_TARGET_BYTES),
      ],
      [`memory ${idleSeconds} s after the load, MB`, ...memoryAfterLoad],
    ],
  );
}

function megabytes(bytes: number): string {
  return figure(bytes / MEGABYTE);
}

function metOrNot(met: boolean): string {
  return met ? 'met' : 'NOT met';
}
