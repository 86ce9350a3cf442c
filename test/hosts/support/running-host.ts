import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { findFreePort } from '../../../local/ports';
import type { Sandbox } from '../../../sandbox';
import { ADMIN_KEY } from '../../support/app';
import { TEST_CREDENTIALS } from '../../support/sandbox';
import type { Installation } from './installation';

const DIE_WITH_PARENT = join(__dirname, '../../../dist/local/die-with-parent.js');

export type Platform = 'fastify' | 'express' | 'express4';

export interface HostSettings {
  installation: Installation;
  platform: Platform;
  databaseUrl: string;
  sandbox: Sandbox;
}

/** The host application as a process of its own, with real Node modules. */
export class RunningHost {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
  ) {}

  /** @throws Error with the output of a host that does not start */
  static async start({ installation, platform, databaseUrl, sandbox }: HostSettings): Promise<RunningHost> {
    const url = `http://127.0.0.1:${await findFreePort()}`;
    const child = spawn(process.execPath, ['--require', DIE_WITH_PARENT, 'main.js'], {
      cwd: installation.folder,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: {
        PATH: process.env.PATH,
        PLATFORM: platform,
        PUBLIC_URL: url,
        DATABASE_URL: databaseUrl,
        TERRA_DEV_ID: TEST_CREDENTIALS.devId,
        TERRA_API_KEY: TEST_CREDENTIALS.apiKey,
        TERRA_SIGNING_SECRET: TEST_CREDENTIALS.signingSecret,
        TERRA_API_URL: sandbox.apiUrl,
        TERRA_WIDGET_URL: sandbox.widgetUrl,
        API_KEY: ADMIN_KEY,
      },
    });
    let output = '';
    const listening = new Promise<void>((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        output += chunk.toString();
        if (output.includes('listening\n')) resolve();
      };
      child.stdout?.on('data', read);
      child.stderr?.on('data', read);
      child.once('close', () => reject(new Error(`The host did not start: ${output}`)));
    });
    await listening;
    return new RunningHost(url, child);
  }

  async stop(): Promise<void> {
    const closed = once(this.child, 'close');
    this.child.kill('SIGTERM');
    await closed;
  }
}

/** Runs `npx terra-connect …` in the folder of a host. @returns its exit code and everything that it printed */
export function runCommand(
  { folder }: Installation,
  args: string[],
  env: Record<string, string>,
): Promise<{ code: number; output: string }> {
  const command = join(folder, 'node_modules/terra-connect/dist/src/cli.js');
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [command, ...args],
      { cwd: folder, env: { PATH: process.env.PATH, ...env } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? 1, output: stdout + stderr }),
    );
  });
}
