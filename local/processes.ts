import { execFileSync, type ChildProcess } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { hasCode } from './launcher-error';

/** The fields of /proc/<pid>/stat from the third on; the second can contain spaces and parentheses. */
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
  // A zombie still answers signal 0, and in a container it can stay for ever.
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

/** When the process started, which distinguishes it from a later process with the same id. Null if the system does not say. */
export function startTimeOf(pid: number): string | null {
  if (process.platform === 'linux') return linuxStat(pid)?.[19] ?? null;
  return process.platform === 'win32' ? null : ps(pid, 'lstart');
}

/** Whether the process is the PostgreSQL server of this data folder. Undefined if the system does not say. */
export function isPostgresServerOf(pid: number, dataFolder: string): boolean | undefined {
  if (process.platform === 'win32') return undefined;
  if (process.platform === 'linux') {
    try {
      // The working directory of a server is its data folder, whatever path it was started with.
      return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dataFolder);
    } catch (error) {
      return hasCode(error, 'ENOENT') ? false : undefined;
    }
  }
  return commandOf(pid)?.includes(dataFolder) ?? false;
}

/**
 * Resolves when the child has ended or could not start, with its exit code, signal or error. If this process exits before
 * that, it calls `onExit`, which must stop the child.
 */
export function endOf(child: ChildProcess, onExit: () => void): Promise<string> {
  process.once('exit', onExit);
  return new Promise((settle) => {
    const end = (reason: string): void => {
      process.removeListener('exit', onExit);
      settle(reason);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
  });
}
