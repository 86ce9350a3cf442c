import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '..', '..');

export interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a built program with only `env` and PATH in its environment. */
export async function run(args: string[], env: Record<string, string>): Promise<Result> {
  const options = { cwd: root, env: { PATH: process.env.PATH ?? '', ...env }, timeout: 30_000 };
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, args, options)) };
  } catch (error) {
    return error as Result;
  }
}
export const cli = (args: string[], env: Record<string, string> = {}): Promise<Result> =>
  run(['dist/src/cli.js', ...args], env);
