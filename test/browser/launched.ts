import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertPortFree, findFreePort } from '../../local/ports';
import { becomesTrue, settlesWithin } from '../../local/waiting';

const repository = join(__dirname, '..', '..');
const READY = 'Ctrl-C stops everything.';
const START_TIMEOUT_MS = 60_000;

interface ApiAnswer<Body> {
  status: number;
  body: Body;
}

/** A running `npm start`, with its own ports and data folder. */
export interface Launched {
  serviceUrl: string;
  sandboxUrl: string;
  sampleAppUrl: string;
  /** The key that the launcher has printed. */
  apiKey: string;
  /** The time from the start of the command until it prints that everything is ready. */
  readyAfterMs: number;
  /** Whether that time includes a build. */
  built: boolean;
  /** Calls the API with the key that the launcher has printed. */
  api<Body>(method: string, path: string, body?: object): Promise<ApiAnswer<Body>>;
  /** Stops the launcher with SIGTERM. Throws when it exits with an error or leaves a port in use. */
  stop(): Promise<void>;
}

export async function launch(environment: Record<string, string>): Promise<Launched> {
  const dataDir = mkdtempSync(join(tmpdir(), 'terra-connect-browser-'));
  const [service, sandbox, sampleApp, postgres] = [
    await findFreePort(),
    await findFreePort(),
    await findFreePort(),
    await findFreePort(),
  ];
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['local/bootstrap.cjs', 'start'], {
    cwd: repository,
    env: {
      ...process.env,
      NODE_ENV: undefined,
      // npm sets this variable, too. With it, the launcher stops when its parent process, this one, ends.
      npm_lifecycle_event: 'start',
      // Set but empty, so that a developer's `.env` does not affect the test.
      DATABASE_URL: '',
      TERRA_DEV_ID: '',
      TERRA_API_KEY: '',
      TERRA_SIGNING_SECRETS: '',
      BOOTSTRAP_API_KEY: '',
      RETURN_URLS: '',
      PUBLIC_URL: '',
      WORKERS_ENABLED: '',
      LOG_LEVEL: 'warn',
      DATA_DIR: dataDir,
      PORT: String(service),
      SANDBOX_PORT: String(sandbox),
      SAMPLE_APP_PORT: String(sampleApp),
      POSTGRES_PORT: String(postgres),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  const exited = once(child, 'exit');

  const portsAreFree = async (): Promise<boolean> => {
    try {
      for (const port of [service, sandbox, sampleApp, postgres])
        await assertPortFree(port, 'the test', 'PORT');
      return true;
    } catch {
      return false;
    }
  };
  const stop = async (): Promise<void> => {
    try {
      child.kill('SIGTERM');
      if (!(await settlesWithin(exited, 30_000))) child.kill('SIGKILL');
      if (child.exitCode !== 0) throw new Error(`The launcher did not stop cleanly:\n${output}`);
      if (!(await becomesTrue(portsAreFree, 10_000))) throw new Error('The launcher has left a port in use.');
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  };

  const done = (): boolean => output.includes(READY) || child.exitCode !== null;
  await becomesTrue(done, START_TIMEOUT_MS, 5);
  const readyAfterMs = performance.now() - startedAt;
  const key = /API key\s+(\S+)/.exec(output)?.[1];
  if (!output.includes(READY) || !key) {
    await stop().catch(() => undefined);
    throw new Error(`The launcher did not become ready:\n${output}`);
  }

  const serviceUrl = `http://localhost:${service}`;
  return {
    serviceUrl,
    sandboxUrl: `http://localhost:${sandbox}`,
    sampleAppUrl: `http://localhost:${sampleApp}`,
    apiKey: key,
    readyAfterMs,
    built: output.includes('Built in'),
    stop,
    api: async <Body>(method: string, path: string, body?: object): Promise<ApiAnswer<Body>> => {
      const response = await fetch(`${serviceUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      });
      return { status: response.status, body: (await response.json()) as Body };
    },
  };
}
