import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { nkeyAuthenticator, nkeys } from '@nats-io/transport-node';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsOptions } from '../../src/config';
import { makeEvents } from '../support/event-publisher-contract';
import { credentialsOf } from './support/credentials';
import { TestNatsServer } from './support/nats-server';
import { makePublisher, natsOptions, PREFIX, STREAM } from './support/publisher';

const never = (): AbortSignal => new AbortController().signal;
const certificates = join(__dirname, '..', 'support', 'certificates');
const certificate = (name: string): string => join(certificates, name);

beforeAll(() => {
  Logger.overrideLogger(false);
});

let folder: string;
let server: TestNatsServer | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nats-files-'));
});
afterEach(async () => {
  await server?.stop();
  server = null;
  rmSync(folder, { recursive: true, force: true });
});

const fileWith = (content: string): string => {
  const path = join(folder, 'user.creds');
  writeFileSync(path, content);
  return path;
};

/** Publishes an event with a new publisher. @returns the failure, or null */
async function failureOf(options: NatsOptions): Promise<unknown> {
  const publisher = makePublisher(options);
  try {
    await publisher.publish(makeEvents(3), never());
    return null;
  } catch (error) {
    const { failure, message, advice } = error as { failure: string; message: string; advice: string };
    return { failure, message, advice };
  } finally {
    await publisher.onApplicationShutdown();
  }
}

const failing = (failure: string, message: RegExp): unknown => ({
  failure,
  message: expect.stringMatching(message) as string,
  advice: expect.stringMatching(/\w{3}/) as string,
});

describe('A server that the service cannot use', () => {
  it('is not there', async () => {
    server = await TestNatsServer.start();
    await server.kill();
    expect(await failureOf(natsOptions(server))).toEqual(failing('unreachable', /refused/));
  });

  it('has no JetStream', async () => {
    server = await TestNatsServer.start('', {}, { jetstream: false });
    expect(await failureOf(natsOptions(server))).toEqual(failing('no_jetstream', /JetStream/));
  });

  it('rejects the user, until the file has the right credentials', async () => {
    const { configuration, credentials, stranger } = credentialsOf();
    server = await TestNatsServer.start(configuration);
    const credentialsFile = fileWith(stranger);
    const options = natsOptions(server, { credentialsFile });
    expect(await failureOf(natsOptions(server))).toEqual(failing('credentials', /rejects the credentials/));
    expect(await failureOf(options)).toEqual(failing('credentials', /rejects the credentials/));
    writeFileSync(credentialsFile, 'something else');
    expect(await failureOf(options)).toEqual(failing('credentials', /has no credentials/));
    rmSync(credentialsFile);
    expect(await failureOf(options)).toEqual(failing('credentials', /cannot be read \(ENOENT\)/));
    writeFileSync(credentialsFile, credentials);
    expect(await failureOf(options)).toBeNull();
  });

  it('lets the user neither create nor read the stream, or not publish', async () => {
    const user = nkeys.createUser();
    const seed = Buffer.from(user.getSeed()).toString();
    const credentialsFile = fileWith(`${seed}\n`);
    const admin = nkeys.createUser();
    const allowing = (subjects: string[]): string =>
      `authorization { users: [ { nkey: ${admin.getPublicKey()} },
        { nkey: ${user.getPublicKey()}, permissions: { publish: ${JSON.stringify(subjects)}, subscribe: "_INBOX.>" } } ] }`;
    const asAdmin = { authenticator: nkeyAuthenticator(admin.getSeed()) };
    const info = `$JS.API.STREAM.INFO.${STREAM}`;
    server = await TestNatsServer.start(allowing([info]), asAdmin);
    const options = natsOptions(server, { credentialsFile });
    expect(await failureOf(options)).toEqual(
      failing('stream', /no stream TEST_EVENTS, and .* cannot create it/),
    );
    await server.with((_connection, manager) =>
      manager.streams.add({ name: STREAM, subjects: [`${PREFIX}.>`] }),
    );
    const get = `$JS.API.STREAM.MSG.GET.${STREAM}`;
    await server.reconfigure(allowing(['nothing']));
    expect(await failureOf(options)).toEqual(failing('not_allowed', /may not publish/));
    await server.reconfigure(allowing([info, get]));
    expect(await failureOf(options)).toEqual(failing('not_allowed', /may not publish/));
    await server.reconfigure(allowing([info, get, `${PREFIX}.>`]));
    expect(await failureOf(options)).toBeNull();
  });

  it('has a stream that would lose events', async () => {
    server = await TestNatsServer.start();
    await server.with((_connection, manager) =>
      manager.streams.add({ name: STREAM, subjects: [`${PREFIX}.>`], storage: 'memory' }),
    );
    expect(await failureOf(natsOptions(server))).toEqual(failing('stream', /no file storage/));
  });

  it.each<[string, (manager: JetStreamManager) => Promise<unknown>]>([
    ['messages', (manager) => manager.streams.update(STREAM, { max_msgs: 1 })],
    ['bytes', (manager) => manager.streams.update(STREAM, { max_bytes: 3_000 })],
  ])('has no room for more %s, and gets each event once there is room', async (_name, limit) => {
    server = await TestNatsServer.start();
    const publisher = makePublisher(natsOptions(server));
    const events = makeEvents(50);
    await publisher.publish(events.slice(0, 1), never());
    await server.with((_connection, manager) => limit(manager));
    await expect(publisher.publish(events, never())).rejects.toMatchObject({ failure: 'full' });
    await server.with((_connection, manager) =>
      manager.streams.update(STREAM, { max_msgs: -1, max_bytes: -1 }),
    );
    await publisher.publish(events, never());
    expect((await server.stored(STREAM)).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    await publisher.onApplicationShutdown();
  });

  it('has no room on its disk', async () => {
    server = await TestNatsServer.start('', {}, { jetstream: 'max_file_store: 20000' });
    const publisher = makePublisher(natsOptions(server));
    await expect(publisher.publish(makeEvents(1_000), never())).rejects.toMatchObject({ failure: 'full' });
    await publisher.onApplicationShutdown();
  });
});

describe('A server with TLS', () => {
  const tls = `tls { cert_file: "${certificate('server.crt')}", key_file: "${certificate('server.key')}" }`;
  const ca = readFileSync(certificate('authority.crt'), 'utf8');
  const { configuration, credentials } = credentialsOf();

  it('gets events from a service that knows its authority, with credentials', async () => {
    server = await TestNatsServer.start(`${tls}\n${configuration}`, { tls: { ca } });
    const caFile = certificate('authority.crt');
    const options = natsOptions(server, {
      servers: [`tls://localhost:${server.port}`],
      caFile,
      credentialsFile: fileWith(credentials),
    });
    expect(await failureOf(options)).toBeNull();
    expect(await failureOf({ ...options, caFile: '' })).toEqual(failing('unreachable', /certificate/));
    expect(await failureOf({ ...options, caFile: join(folder, 'none') })).toEqual(
      failing('credentials', /EVENTS_NATS_CA_FILE cannot be read/),
    );
  });

  it('is demanded by tls://, before the service sends credentials', async () => {
    server = await TestNatsServer.start();
    const options = natsOptions(server, { servers: [`tls://localhost:${server.port}`] });
    expect(await failureOf(options)).toEqual(failing('unreachable', /tls/));
  });
});
