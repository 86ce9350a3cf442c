import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, openSync, closeSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { findFreePort } from '../local/ports';
import { spawnAs } from '../local/postgres-user';
import { endOf } from '../local/processes';
import { becomesTrue } from '../local/waiting';

const READY_TIMEOUT_MS = 20_000;

/** The path of a NATS server of this machine; null: there is none. */
export function findNatsServer(): string | null {
  const { NATS_SERVER, PATH = '' } = process.env;
  // The PATH of an ordinary user does not have /usr/sbin.
  const folders = [...PATH.split(':'), '/usr/sbin', '/usr/local/sbin'];
  const candidates = NATS_SERVER ? [NATS_SERVER] : folders.map((folder) => join(folder, 'nats-server'));
  return candidates.find((path) => existsSync(path)) ?? null;
}

/** A NATS server with JetStream on the disk, which ends with this process. */
export class NatsServer {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly exited: Promise<string>,
  ) {}

  static async start(path: string, folder: string): Promise<NatsServer> {
    mkdirSync(folder, { recursive: true });
    const port = await findFreePort();
    const file = join(folder, 'nats.conf');
    writeFileSync(file, `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${join(folder, 'data')}" }\n`);
    const log = openSync(join(folder, 'output.log'), 'a');
    const prefix = process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'TERM'] : [];
    const child = spawnAs({ prefix }, path, ['-c', file], ['ignore', log, log]);
    closeSync(log);
    const exited = endOf(child, () => child.kill('SIGTERM'));
    const server = new NatsServer(`nats://127.0.0.1:${port}`, child, exited);
    if (!(await becomesTrue(() => server.answers(), READY_TIMEOUT_MS))) {
      await server.stop();
      throw new Error(`The NATS server does not answer; its output is in ${folder}.`);
    }
    return server;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.exited;
  }

  private async answers(): Promise<boolean> {
    const connection = await connect({ servers: this.url, reconnect: false }).catch(() => null);
    await connection?.close();
    return connection !== null;
  }
}
