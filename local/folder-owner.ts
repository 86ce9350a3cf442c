import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode, LauncherError } from './launcher-error';
import { isAlive, startTimeOf } from './processes';

const FILE = 'owner.json';
// Another process can read the file after its creation, but before its content is written.
const BEING_WRITTEN_MS = 5_000;

/** The process that uses the folder. The start time distinguishes it from a later process with the same id. */
interface Owner {
  pid: number;
  startTime: string | null;
}

function readOwner(file: string): Owner | 'being written' | null {
  try {
    const fresh = Date.now() - statSync(file).mtimeMs < BEING_WRITTEN_MS;
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as Owner;
    } catch {
      return fresh ? 'being written' : null;
    }
  } catch {
    return null;
  }
}

function isLiving(owner: Owner): boolean {
  if (!isAlive(owner.pid)) return false;
  const startTime = startTimeOf(owner.pid);
  return owner.startTime === null || startTime === null || owner.startTime === startTime;
}

/** Whether the process that claimed this folder still runs. */
export function hasLivingOwner(folder: string): boolean {
  const owner = readOwner(join(folder, FILE));
  return owner === 'being written' || (owner !== null && isLiving(owner));
}

/**
 * Claims a folder for this process, or throws when a running process has claimed it. If two processes find at the same moment
 * that the owner has ended, both can succeed. The lock file of PostgreSQL then stops the second one.
 */
export function claimFolder(folder: string): { release(): void } {
  const file = join(folder, FILE);
  const claim = JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid) } satisfies Owner);
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      writeFileSync(file, claim, { flag: 'wx', mode: 0o600 });
      return {
        release: () => {
          rmSync(file, { force: true });
        },
      };
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    const owner = readOwner(file);
    if (owner === 'being written' || (owner && isLiving(owner))) break;
    rmSync(file, { force: true });
  }
  const owner = readOwner(file);
  const holder = owner && owner !== 'being written' ? `process ${owner.pid}` : 'another process';
  throw new LauncherError(
    `${folder} is in use by ${holder}. Stop that process, or set DATA_DIR to another folder.`,
  );
}
