import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const repository = join(__dirname, '..', '..', '..');
const hosts = join(repository, 'test/hosts');
const INSTALL = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];

export type HostName = 'nest-11' | 'nest-12';

/** A folder in which the host application is installed and compiled, with the package from its tarball. */
export class Installation {
  private constructor(readonly folder: string) {}

  /** Packs the package as `npm publish` would, and installs it into fresh hosts at the same time. */
  static async create<Name extends HostName>(names: readonly Name[]): Promise<Record<Name, Installation>> {
    const tarball = await pack();
    const entries = names.map(async (name) => {
      const installation = Installation.prepare(name, tarball);
      await npm(installation.folder, INSTALL);
      await installation.compile();
      return [name, installation] as const;
    });
    return Object.fromEntries(await Promise.all(entries)) as Record<Name, Installation>;
  }

  /** Resolves the packages that npm would install for a host that does not use `unused`. @returns their paths */
  async resolveWithout(unused: readonly string[]): Promise<string[]> {
    const folder = mkdtempSync(join(tmpdir(), 'host-resolution-'));
    cpSync(join(this.folder, 'terra-connect.tgz'), join(folder, 'terra-connect.tgz'));
    const manifest = readJson<{ dependencies: Record<string, string> }>(join(this.folder, 'package.json'));
    for (const name of unused) delete manifest.dependencies[name];
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    await npm(folder, [...INSTALL, '--package-lock-only']);
    const { packages } = readJson<{ packages: object }>(join(folder, 'package-lock.json'));
    rmSync(folder, { recursive: true });
    return Object.keys(packages);
  }

  /** Whether the folder has a package, for example `terra-connect/node_modules/typeorm`. */
  has(path: string): boolean {
    return existsSync(join(this.folder, 'node_modules', path));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private static prepare(name: HostName, tarball: string): Installation {
    const folder = mkdtempSync(join(tmpdir(), `host-${name}-`));
    cpSync(join(hosts, name), folder, { recursive: true });
    cpSync(join(hosts, 'application'), folder, { recursive: true });
    cpSync(tarball, join(folder, 'terra-connect.tgz'));
    return new Installation(folder);
  }

  /** Also checks the types of the host against those of the package. */
  private async compile(): Promise<void> {
    const compiler = join(repository, 'node_modules/typescript/bin/tsc');
    await execute(process.execPath, [compiler, '-p', 'tsconfig.json'], this.folder);
  }
}

async function pack(): Promise<string> {
  const folder = join(tmpdir(), 'terra-connect-tarball');
  mkdirSync(folder, { recursive: true });
  // "npm run test:hosts" has built the package.
  await npm(repository, ['pack', '--ignore-scripts', '--pack-destination', folder]);
  const { version } = readJson<{ version: string }>(join(repository, 'package.json'));
  return join(folder, `terra-connect-${version}.tgz`);
}

/** Runs npm in a folder. With the environment of an outer npm, it would work on this repository. */
function npm(folder: string, args: string[]): Promise<void> {
  return execute('npm', args, folder);
}

async function execute(program: string, args: string[], cwd: string): Promise<void> {
  const own = /^npm_(?!config_(registry|cache|userconfig)$)/i;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
  try {
    await promisify(execFile)(program, args, { cwd, env, shell: process.platform === 'win32' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}

function readJson<Content>(file: string): Content {
  return JSON.parse(readFileSync(file, 'utf8')) as Content;
}
