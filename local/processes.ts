import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { hasCode } from './launcher-error';

/** Fields of /proc/<pid>/stat from the third on: the second may contain blanks and parentheses. */
function linuxStat(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

function ps(pid: number, column: 'lstart' | 'command' | 'ppid'): string | null {
  try {
    const output = execFileSync('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], {
      encoding: 'utf8',
      timeout: 5_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return output.trim() || null;
  } catch {
    return null;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
  // A zombie still answers signal 0, and in a container nobody may ever reap it.
  return process.platform !== 'linux' || linuxStat(pid)?.[0] !== 'Z';
}

export function parentOf(pid: number): number | null {
  if (process.platform === 'win32') return null;
  const parent = process.platform === 'linux' ? linuxStat(pid)?.[1] : ps(pid, 'ppid');
  return Number(parent) || null;
}

export function commandOf(pid: number): string | null {
  if (process.platform === 'win32') return null;
  if (process.platform !== 'linux') return ps(pid, 'command');
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return null;
  }
}

/** Tells a process from a later one that was given the same number; null where the system does not say. */
export function startTimeOf(pid: number): string | null {
  if (process.platform === 'linux') return linuxStat(pid)?.[19] ?? null;
  return process.platform === 'win32' ? null : ps(pid, 'lstart');
}

/** Whether that process is the PostgreSQL server of this data folder; undefined where that cannot be known. */
export function isServerOf(pid: number, dataFolder: string): boolean | undefined {
  if (process.platform === 'win32') return undefined;
  if (process.platform === 'linux') {
    try {
      // A server works in its data folder, whatever path it was started with.
      return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dataFolder);
    } catch (error) {
      return hasCode(error, 'ENOENT') ? false : undefined;
    }
  }
  return commandOf(pid)?.includes(dataFolder) ?? false;
}
