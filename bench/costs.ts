import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

// What Linux counts a process' time in, whatever the kernel's own tick.
const TICKS_PER_SECOND = 100;

/** Memory that a process has in RAM, in bytes. */
export function memoryOf(pid: number): number {
  if (process.platform === 'linux') {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(found?.[1]) * 1_024;
  }
  if (process.platform === 'win32') return NaN;
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1_024;
}

/** Processor time that a process has used so far, in seconds; NaN where the system does not say it well enough. */
export function processorSecondsOf(pid: number): number {
  if (process.platform !== 'linux') return NaN;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in parentheses, may hold blanks; user and system time are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
