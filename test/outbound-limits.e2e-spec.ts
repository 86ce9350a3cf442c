import type { Socket } from 'node:net';
import { becomesTrue } from '../local/waiting';
import { MAX_REQUESTS_PER_ORIGIN, type OutboundRequest } from '../src/outbound';
import { answering, guardedClient, startReceiver, type Receiver, type TestClient } from './support/receiver';
import { closeAll } from './support/terra-client';

let client: TestClient;
beforeEach(() => {
  client = guardedClient();
});
afterEach(closeAll);

const post = ({ url }: Receiver, signal?: AbortSignal): OutboundRequest => ({
  method: 'POST',
  url,
  body: '{"a":1}',
  timeoutMs: 20_000,
  maxResponseBytes: 1_024,
  signal,
});

describe('A large body', () => {
  it('arrives in its parts as one, with its length', async () => {
    const receiver = await startReceiver((socket, { received }) => {
      expect(received).toContain('content-length: 1000002\r\n');
      socket.on('data', () => receiver.received.endsWith('!') && answering(200)(socket));
    });
    const parts = ['a'.repeat(300_000), 'b'.repeat(700_001), '!'];
    const body = parts.map((part) => Buffer.from(part));
    await expect(client.send({ ...post(receiver), body })).resolves.toMatchObject({ status: 200 });
    expect(receiver.received.split('\r\n\r\n')[1] === parts.join('')).toBe(true);
  });

  it('is not sent further after an answer', async () => {
    const receiver = await startReceiver((socket) => {
      socket.pause();
      answering(413)(socket);
    });
    const body = [Buffer.alloc(15 * 1_024 * 1_024, 'x')];
    await expect(client.send({ ...post(receiver), body })).resolves.toMatchObject({ status: 413 });
    expect(receiver.received.length).toBeLessThan(1_024 * 1_024);
  });
});

describe('A request that is aborted', () => {
  it('before it was sent is not sent', async () => {
    const receiver = await startReceiver(answering(200));
    const sending = client.send(post(receiver, AbortSignal.abort()));
    await expect(sending).rejects.toMatchObject({ code: 'aborted', sent: false });
    expect(receiver.connections).toBe(0);
  });

  it.each<[string, (socket: Socket) => void]>([
    ['while it waits for the answer', () => undefined],
    [
      'while it reads the answer',
      (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx'),
    ],
  ])('%s ends at once and closes its connection', async (_moment, onRequest) => {
    const abort = new AbortController();
    const receiver = await startReceiver((socket) => {
      onRequest(socket);
      setTimeout(() => abort.abort(), 100);
    });
    const sending = client.send(post(receiver, abort.signal));
    await expect(sending).rejects.toMatchObject({ code: 'aborted', sent: true });
    await expect(becomesTrue(() => receiver.open === 0, 20_000)).resolves.toBe(true);
  });
});

it('A request whose deadline passes before it has a connection is not sent afterwards', async () => {
  const receiver = await startReceiver(answering(200));
  let speak = (): void => undefined;
  const silence = new Promise<void>((resolve) => (speak = resolve));
  const waiting = guardedClient({ silence });
  const sending = waiting.send({ ...post(receiver), timeoutMs: 200 });
  await expect(sending).rejects.toMatchObject({ code: 'timed_out', sent: false });
  speak();
  // The next request has the connection of the first one, or comes after it.
  await expect(waiting.send(post(receiver))).resolves.toMatchObject({ status: 200 });
  expect(receiver.received.match(/POST/g)).toHaveLength(1);
});

describe('T-18: one origin', () => {
  it(`gets at most ${MAX_REQUESTS_PER_ORIGIN} requests at a time, and another origin does not wait for it`, async () => {
    const waiting: Socket[] = [];
    const receiver = await startReceiver((socket) => waiting.push(socket));
    const other = await startReceiver(answering(200));
    const sending = Array.from({ length: MAX_REQUESTS_PER_ORIGIN }, () => client.send(post(receiver)));
    await expect(client.send(post(receiver))).rejects.toMatchObject({ code: 'busy', sent: false });
    await expect(client.send(post(other))).resolves.toMatchObject({ status: 200 });
    await expect(becomesTrue(() => waiting.length === MAX_REQUESTS_PER_ORIGIN, 20_000)).resolves.toBe(true);
    for (const socket of waiting) answering(200)(socket);
    await Promise.all(sending);
    const again = client.send(post(receiver));
    await becomesTrue(() => waiting.length > MAX_REQUESTS_PER_ORIGIN, 20_000);
    answering(200)(waiting.at(-1) as Socket);
    await expect(again).resolves.toMatchObject({ status: 200 });
    expect(receiver.connections).toBeLessThanOrEqual(MAX_REQUESTS_PER_ORIGIN + 1);
  });

  it('gives the place of a failed request back', async () => {
    const receiver = await startReceiver((socket) => void socket.destroy());
    for (let round = 0; round < 3; round += 1) {
      const failing = Array.from({ length: MAX_REQUESTS_PER_ORIGIN }, () =>
        client.send(post(receiver)).catch((error: { code: string }) => error.code),
      );
      expect(new Set(await Promise.all(failing))).toEqual(new Set(['connection_failed']));
    }
  });
});

it('T-18: a process has at most 512 requests at a time, over all origins', async () => {
  let speak = (): void => undefined;
  const silence = new Promise<void>((resolve) => (speak = resolve));
  const crowded = guardedClient({ silence });
  const send = (origin: number): Promise<unknown> =>
    crowded.send(post({ url: `https://hooks-${origin}.example.com/` } as Receiver));
  const sending = Array.from({ length: 512 }, (_, index) =>
    send(Math.floor(index / MAX_REQUESTS_PER_ORIGIN)).catch((error: { code: string }) => error.code),
  );
  await expect(send(16)).rejects.toMatchObject({ code: 'busy', detail: 'PROCESS', sent: false });
  await crowded.onApplicationShutdown();
  speak();
  expect(new Set(await Promise.all(sending))).toEqual(new Set(['connection_failed']));
});
