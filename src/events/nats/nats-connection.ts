import { readFile } from 'node:fs/promises';
import type { JetStreamClient, JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import type { Authenticator, NatsConnection as Connection } from '@nats-io/transport-node';
import type { NatsOptions } from '../../config';
import { codeOf, JETSTREAM_CODES, NatsPublishError } from './nats.errors';
import { judgeStream, streamToCreate } from './nats-stream';

const TIMEOUT_MS = 5_000;
const MESSAGE_ID = 'Nats-Msg-Id';

/** The newest message of the stream. */
export interface LastMessage {
  sequence: number;
  /** The id of its event; null when the message is gone or has none. */
  id: string | null;
}

/** The message before which a stored one must not exist. */
export interface ExpectedLast {
  sequence: number;
  /** null: unknown, any. */
  id: string | null;
}

export interface StreamReport {
  server: string;
  serverVersion: string;
  stream: string;
  created: boolean;
  replicas: number;
  discard: string;
  warnings: string[];
}

/** A connection to NATS whose stream has been checked. It never reconnects: after any failure, close it and open another. */
export class NatsConnection {
  private constructor(
    private readonly connection: Connection,
    private readonly client: JetStreamClient,
    private readonly manager: JetStreamManager,
    private readonly stream: string,
    readonly report: StreamReport,
    /** The largest message with its headers, in bytes. */
    readonly maxBytes: number,
  ) {}

  /**
   * Connects, and checks the stream or creates it.
   *
   * @param days how long a stream that the service creates keeps events
   * @throws NatsPublishError, or an error of the client library
   */
  static async open(options: NatsOptions, days: number): Promise<NatsConnection> {
    // A host that does not use NATS has not installed these packages.
    const { connect, credsAuthenticator, nkeyAuthenticator } = await load(
      () => import('@nats-io/transport-node'),
    );
    const { jetstream, jetstreamManager } = await load(() => import('@nats-io/jetstream'));
    const credentials = await read('EVENTS_NATS_CREDENTIALS_FILE', options.credentialsFile);
    const ca = await read('EVENTS_NATS_CA_FILE', options.caFile);
    const connection = await connect({
      servers: options.servers.map((url) => new URL(url).host),
      name: 'terra-connect',
      reconnect: false,
      noAsyncTraces: true,
      timeout: TIMEOUT_MS,
      authenticator: credentials
        ? authenticatorOf(credentials, { credsAuthenticator, nkeyAuthenticator })
        : [],
      // An object demands TLS, so that a server without it gets no credentials.
      tls: options.servers.some((url) => url.startsWith('tls:')) ? { ca: ca?.toString() } : undefined,
    });
    try {
      const settings = { timeout: TIMEOUT_MS };
      const manager = await jetstreamManager(connection, { ...settings, checkAPI: false });
      const { report, maxBytes } = await checkStream(connection, manager, options, days);
      const client = jetstream(connection, settings);
      return new NatsConnection(connection, client, manager, options.stream, report, maxBytes);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  get isClosed(): boolean {
    return this.connection.isClosed();
  }

  async last(): Promise<LastMessage> {
    const { state } = await this.manager.streams.info(this.stream);
    const sequence = state.last_seq;
    return { sequence, id: state.messages > 0 ? await this.idAt(sequence) : null };
  }

  /** The id of a message; null when the stream has no message at this place, or it has no id. */
  async idAt(sequence: number): Promise<string | null> {
    if (sequence < 1) return null;
    const message = await this.manager.streams.getMessage(this.stream, { seq: sequence });
    return message?.header.get(MESSAGE_ID) || null;
  }

  /**
   * Stores a message, unless the stream has one with its id already.
   *
   * @returns its sequence number; null when the stream had it already
   * @throws an error of the client library, for example when the newest message is not the expected one
   */
  async store(
    subject: string,
    id: string,
    payload: Uint8Array,
    expected: ExpectedLast,
  ): Promise<number | null> {
    const { seq, duplicate } = await this.client.publish(subject, payload, {
      msgID: id,
      timeout: TIMEOUT_MS,
      expect: {
        streamName: this.stream,
        lastSequence: expected.sequence,
        ...(expected.id === null ? {} : { lastMsgID: expected.id }),
      },
    });
    return duplicate ? null : seq;
  }

  async close(): Promise<void> {
    await this.connection.close().catch(() => undefined);
  }
}

async function load<Package>(importPackage: () => Promise<Package>): Promise<Package> {
  try {
    return await importPackage();
  } catch (error) {
    throw new NatsPublishError(
      'not_installed',
      'The client library of NATS is not installed',
      'Install @nats-io/transport-node and @nats-io/jetstream.',
      error,
    );
  }
}

async function read(variable: string, path: string): Promise<Buffer | null> {
  if (path === '') return null;
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new NatsPublishError(
      'credentials',
      `The file of ${variable} cannot be read (${code})`,
      'Check its path and its permissions.',
      error,
    );
  }
}

interface Authenticators {
  credsAuthenticator: (credentials: Uint8Array) => Authenticator;
  nkeyAuthenticator: (seed: Uint8Array) => Authenticator;
}

function authenticatorOf(
  file: Buffer,
  { credsAuthenticator, nkeyAuthenticator }: Authenticators,
): Authenticator {
  const text = file.toString('utf8').trim();
  if (text.includes('BEGIN NATS USER JWT')) return credsAuthenticator(file);
  if (/^SU[A-Z2-7]{56}$/.test(text)) return nkeyAuthenticator(Buffer.from(text));
  throw new NatsPublishError(
    'credentials',
    'The file of EVENTS_NATS_CREDENTIALS_FILE has no credentials',
    'Write a .creds file of nsc, or the seed of an nkey of a user (SU…).',
  );
}

async function checkStream(
  connection: Connection,
  manager: JetStreamManager,
  options: NatsOptions,
  days: number,
): Promise<{ report: StreamReport; maxBytes: number }> {
  const server = connection.info;
  const found = await manager.streams.info(options.stream).catch((error: unknown) => {
    if (codeOf(error) === JETSTREAM_CODES.streamNotFound) return null;
    throw error;
  });
  const isCluster = server?.cluster !== undefined;
  const { config } = found ?? (await create(manager, options, { days, isCluster }));
  const version = server?.version ?? '';
  const { problems, warnings } = judgeStream(config, options.prefix, version);
  if (problems.length > 0)
    throw new NatsPublishError(
      'stream',
      `The stream ${options.stream} cannot be used: ${problems.join('; ')}`,
      'Change the stream, or remove it: then the service creates it. No event is lost meanwhile.',
    );
  const limits = [server?.max_payload ?? 0, config.max_msg_size ?? 0].filter((limit) => limit > 0);
  const report = {
    server: connection.getServer(),
    serverVersion: version,
    stream: options.stream,
    created: found === null,
    replicas: config.num_replicas,
    discard: config.discard,
    warnings,
  };
  return { report, maxBytes: Math.min(...limits) };
}

async function create(
  manager: JetStreamManager,
  options: NatsOptions,
  facts: { days: number; isCluster: boolean },
): Promise<{ config: StreamConfig }> {
  try {
    return await manager.streams.add(streamToCreate(options, facts) as StreamConfig);
  } catch (error) {
    // Another process of the service may have created it at this moment.
    const found = await manager.streams.info(options.stream).catch(() => null);
    if (found) return found;
    const reason = error instanceof Error ? error.message : String(error);
    throw new NatsPublishError(
      'stream',
      `There is no stream ${options.stream}, and the service cannot create it: ${reason}`,
      'Create it as docs/operations.md shows, or allow the user to create it.',
      error,
    );
  }
}
