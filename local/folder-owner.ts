import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode, LauncherError } from './launcher-error';
import { isAlive, startTimeOf } from './processes';

const FILE = 'owner.json';
// Between creating the file and filling it another process may read it empty.
const BEING_WRITTEN_MS = 5_000;

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

/** Whether a process that has claimed this folder is still there. */
export function hasLivingOwner(folder: string): boolean {
  const owner = readOwner(join(folder, FILE));
  return owner === 'being written' || (owner !== null && isLiving(owner));
}

/**
 * Claims a folder for this process, or throws when a living process has it. Two processes that both find a dead
 * owner at the same moment can both get through here; PostgreSQL's own lock file then stops the second.
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
  const who = owner && owner !== 'being written' ? `process ${owner.pid}` : 'another process';
  throw new LauncherError(
    `${folder} is in use by ${who}. Stop that one first, or set DATA_DIR to another folder.`,
  );
}
