import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

// The unit of process times in /proc, whatever the tick of the kernel.
const TICKS_PER_SECOND = 100;

/** One line about the machine, for the report: figures without their machine cannot be compared. */
export function describeMachine(): string {
  const { versions, platform, arch } = process;
  const cores = availableParallelism();
  const memory = `${(totalmem() / 1_024 ** 3).toFixed(0)} GB`;
  // With a load near the number of cores, other programs are busy, and only ratios and processor times count.
  const load = (loadavg()[0] ?? NaN).toFixed(1);
  return `Node ${versions.node}, ${platform} ${arch}, ${cores} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${memory}, load ${load} before the run`;
}

/** The resident memory of a process, in bytes. Returns NaN on Windows. */
export function memoryOf(pid: number): number {
  if (process.platform === 'linux') {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(found?.[1]) * 1_024;
  }
  if (process.platform === 'win32') return NaN;
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1_024;
}

/**
 * The processor time that a process has used so far, in seconds. Returns NaN on systems other than Linux, whose figures are
 * not exact enough.
 */
export function processorSecondsOf(pid: number): number {
  if (process.platform !== 'linux') return NaN;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in parentheses, can contain spaces. User and system time are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
