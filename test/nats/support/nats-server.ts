import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type ConnectionOptions, type NatsConnection } from '@nats-io/transport-node';
import { findFreePort } from '../../../local/ports';
import { becomesTrue } from '../../../local/waiting';
import {
  makeProgramFolder,
  ProgramProcess,
  type DebianProgram,
} from '../../deployment/support/debian-program';

export const NATS_SERVER: DebianProgram = {
  command: 'nats-server',
  debianPackage: 'nats-server',
  variable: 'NATS_SERVER',
};

/** A message of a stream. */
export interface StoredMessage {
  sequence: number;
  subject: string;
  id: string;
  json: string;
}

/** A real NATS server on a port of its own, which can be killed, frozen and started again with the same data. */
export class TestNatsServer {
  private program: ProgramProcess | null = null;
  private readonly folder = mkdtempSync(join(tmpdir(), 'nats-data-'));

  private constructor(
    readonly port: number,
    private configuration: string,
    private readonly client: ConnectionOptions,
    private readonly jetstream: string | false,
  ) {}

  /**
   * @param configuration lines of the server's configuration beside port and storage
   * @param client how the test itself connects
   * @param jetstream further settings of JetStream; false: off
   */
  static async start(
    configuration = '',
    client: ConnectionOptions = {},
    { jetstream = '' }: { jetstream?: string | false } = {},
  ): Promise<TestNatsServer> {
    const server = new TestNatsServer(await findFreePort(), configuration, client, jetstream);
    await server.restart();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  async restart(): Promise<void> {
    const folder = makeProgramFolder(NATS_SERVER);
    const file = join(folder, 'nats.conf');
    const lines = [
      `listen: "127.0.0.1:${this.port}"`,
      // Debian's version cannot sync each message. A killed process loses nothing that it has written.
      this.jetstream === false ? '' : `jetstream { store_dir: "${this.folder}", ${this.jetstream} }`,
      this.configuration,
    ];
    writeFileSync(file, lines.join('\n'));
    this.program = await ProgramProcess.start({
      program: NATS_SERVER,
      args: ['-c', file],
      folder,
      port: this.port,
      user: { prefix: ['setpriv', '--pdeathsig', 'TERM'] },
    });
  }

  /** Restarts the server with another configuration and the same data. */
  async reconfigure(configuration: string): Promise<void> {
    this.configuration = configuration;
    await this.kill();
    await this.restart();
  }

  async kill(): Promise<void> {
    process.kill(this.program!.pid, 'SIGKILL');
    await this.program!.stop();
    this.program = null;
  }

  async freeze(): Promise<void> {
    const { pid } = this.program!;
    process.kill(pid, 'SIGSTOP');
    // The server may go on for a moment.
    const state = (): string => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.slice(0, 1);
    await becomesTrue(() => state() === 'T', 10_000);
  }

  thaw(): void {
    process.kill(this.program!.pid, 'SIGCONT');
  }

  async stop(): Promise<void> {
    if (this.program) await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs `work` with a connection of the test. */
  async with<T>(work: (connection: NatsConnection, manager: JetStreamManager) => Promise<T>): Promise<T> {
    const connection = await connect({ servers: `127.0.0.1:${this.port}`, ...this.client });
    try {
      return await work(connection, await jetstreamManager(connection, { checkAPI: false }));
    } finally {
      await connection.close();
    }
  }

  /** Every message of a stream, read by an ordered consumer. */
  stored(stream: string): Promise<StoredMessage[]> {
    return this.with(async (connection, manager) => {
      const info = await manager.streams.info(stream).catch(() => null);
      if (!info) return [];
      const consumer = await jetstream(connection).consumers.get(stream);
      const messages: StoredMessage[] = [];
      while (messages.length < info.state.messages)
        for await (const message of await consumer.fetch({ max_messages: 1_000, expires: 1_000 }))
          messages.push({
            sequence: message.seq,
            subject: message.subject,
            id: message.headers?.get('Nats-Msg-Id') ?? '',
            json: message.string(),
          });
      return messages;
    });
  }
}
