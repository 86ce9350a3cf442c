import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { hasCode, LauncherError } from './launcher-error';

/** The secret in the file. The first call creates it with `create`; later starts read the same secret. */
export function readOrCreateSecret(file: string, create: () => string): string {
  createFolder(dirname(file));
  try {
    const secret = create();
    writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx' });
    return secret;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    return readFileSync(file, 'utf8').trim();
  }
}

function createFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new LauncherError(
      `Cannot create ${folder} (${(error as NodeJS.ErrnoException).code}). Set DATA_DIR to a folder that you may write to.`,
    );
  }
}
