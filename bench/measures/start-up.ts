import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf, processorSecondsOf } from '../costs';
import type { Options } from '../options';
import type { Running, Stage } from '../stage';
import { median } from '../statistics';
import { figure, table } from '../table';

const MEGABYTE = 1_024 * 1_024;
const START_TARGET_MS = 2_000;
const IDLE_TARGET_BYTES = 160 * MEGABYTE;

export interface Servers {
  service: Running;
  peer: Running;
}

interface ProcessCosts {
  startMs: number;
  /** Processor time until ready: what is left of the time above on a machine that has nothing else to do. */
  startCpuSeconds: number;
  idleBytes: number;
}

export type StartUp = Record<keyof Servers, ProcessCosts>;

/** Starts both several times; the last ones stay for the measures that follow. */
export async function measureStartUp(
  stage: Stage,
  options: Options,
): Promise<{ servers: Servers; startUp: StartUp }> {
  const peer = await startRepeatedly(() => stage.startPeer(), options.starts);
  const service = await startRepeatedly(() => stage.startService({ workers: false }), options.starts);
  await sleep(options.idleSeconds * 1_000);
  return {
    servers: { service: service.last, peer: peer.last },
    startUp: { service: costsOf(service), peer: costsOf(peer) },
  };
}

interface Starts {
  last: Running;
  times: number[];
  cpuSeconds: number[];
}

async function startRepeatedly(start: () => Promise<Running>, starts: number): Promise<Starts> {
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
  { service, peer }: StartUp,
  servers: Servers,
  { starts, idleSeconds }: Options,
): Promise<string> {
  await sleep(idleSeconds * 1_000);
  const loaded = [servers.service, servers.peer].map(({ program }) => megabytes(memoryOf(program.pid)));
  return table(
    ['the process alone', 'service', 'peer', 'target', ''],
    [
      [
        `spawn to ready, s (median of ${starts})`,
        figure(service.startMs / 1_000),
        figure(peer.startMs / 1_000),
        `under ${START_TARGET_MS / 1_000}`,
        verdict(service.startMs < START_TARGET_MS),
      ],
      ['processor time until ready, s', figure(service.startCpuSeconds), figure(peer.startCpuSeconds)],
      [
        `memory ${idleSeconds} s after ready, MB`,
        megabytes(service.idleBytes),
        megabytes(peer.idleBytes),
        `under ${IDLE_TARGET_BYTES / MEGABYTE}`,
        verdict(service.idleBytes < IDLE_TARGET_BYTES),
      ],
      [`memory ${idleSeconds} s after the load, MB`, ...loaded],
    ],
  );
}

function megabytes(bytes: number): string {
  return figure(bytes / MEGABYTE);
}

function verdict(met: boolean): string {
  return met ? 'met' : 'NOT met';
}
