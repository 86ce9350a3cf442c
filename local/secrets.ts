import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { hasCode, LauncherError } from './launcher-error';

/** Reads a secret, making it on first use, so that every start finds the one of the first. */
export function keepSecret(file: string, make: () => string): string {
  makeFolder(dirname(file));
  try {
    const secret = make();
    writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx' });
    return secret;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    return readFileSync(file, 'utf8').trim();
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new LauncherError(
      `${folder} cannot be made (${(error as NodeJS.ErrnoException).code}). Set DATA_DIR to a folder that you may write to.`,
    );
  }
}
