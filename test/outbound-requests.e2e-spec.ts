import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { becomesTrue } from '../local/waiting';
import type { OutboundError, OutboundRequest } from '../src/outbound';
import { answering, guardedClient, startReceiver, type Receiver, type TestClient } from './support/receiver';
import { closeAll } from './support/terra-client';

// Long enough for a slow machine to connect.
const SLOW_MS = 4_000;
const GIGABYTE = 1_024 ** 3;

let client: TestClient;
beforeEach(() => {
  client = guardedClient();
});
afterEach(closeAll);

const post = ({ url }: { url: string }, request: Partial<OutboundRequest> = {}): OutboundRequest => ({
  method: 'POST',
  url,
  body: '{"a":1}',
  timeoutMs: 20_000,
  maxResponseBytes: 1_024,
  ...request,
});
const closes = (receiver: Receiver): Promise<boolean> => becomesTrue(() => receiver.open === 0, 20_000);
const drip = (socket: Socket, text: string): void => {
  const timer = setInterval(() => socket.write(text), 20);
  socket.once('close', () => clearInterval(timer));
};

describe('T-18: a request to a receiver', () => {
  it('arrives as given and asks for no compression, and the next one uses the connection again', async () => {
    const receiver = await startReceiver(answering(202, 'accepted', 'x-a: b\r\n'));
    const headers = { 'content-type': 'application/json', 'webhook-id': 'msg_1' };
    const answer = await client.send(post(receiver, { url: `${receiver.url}?x=%20`, headers }));
    expect(answer).toMatchObject({ status: 202, headers: { 'x-a': 'b' }, truncated: null });
    expect(answer.body.toString()).toBe('accepted');
    await sleep(100);
    await client.send(post(receiver, { body: [Buffer.from('sec'), Buffer.from('ond')] }));
    expect(receiver.connections).toBe(1);
    for (const part of [
      'POST /terra?x=%20 HTTP/1.1\r\nhost: hooks.example.com:',
      'webhook-id: msg_1\r\n',
      'accept-encoding: identity\r\n',
      '\r\n\r\n{"a":1}',
      '\r\n\r\nsecond',
    ])
      expect(receiver.received).toContain(part);
  });

  it.each([301, 302, 303, 307, 308])('does not follow a redirect: %d is the answer', async (status) => {
    const internal = await startReceiver(answering(200, 'secret'), 'tcp');
    const location = `location: http://127.0.0.1:${internal.port}/\r\n`;
    const receiver = await startReceiver(answering(status, '', location));
    await expect(client.send(post(receiver))).resolves.toMatchObject({ status });
    expect(internal.connections).toBe(0);
  });

  it.each([[400], [404], [410], [429], [500], [503]])(
    'has the answer %d, with its headers',
    async (status) => {
      const receiver = await startReceiver(answering(status, 'x', 'retry-after: 7\r\n'));
      await expect(client.send(post(receiver))).resolves.toMatchObject({
        status,
        headers: { 'retry-after': '7' },
      });
    },
  );

  it('does not decompress an answer', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000)).toString('latin1');
    const receiver = await startReceiver((socket) => {
      socket.write(
        `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n${bomb}`,
        'latin1',
      );
    });
    const { body } = await client.send(post(receiver, { maxResponseBytes: 100_000 }));
    expect(body.toString('latin1')).toBe(bomb);
  });

  it('is limited to 16 MB', async () => {
    const receiver = await startReceiver(answering(200));
    const body = [Buffer.alloc(16 * 1_024 * 1_024), Buffer.alloc(1)];
    await expect(client.send(post(receiver, { body }))).rejects.toMatchObject({
      code: 'too_large',
      sent: false,
    });
    expect(receiver.connections).toBe(0);
  });

  it.each([
    ['a hostile URL', 'https://127.1/'],
    ['no URL', ''],
  ])('with %s is not sent', async (_kind, url) => {
    await expect(client.send(post({ url }))).rejects.toMatchObject({ code: 'url_forbidden', sent: false });
  });
});

describe('T-18: a receiver that', () => {
  it('sends 1 GB back costs no more than the limit: the connection is closed', async () => {
    let written = 0;
    const chunk = Buffer.alloc(64 * 1_024, 'x');
    const receiver = await startReceiver((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${GIGABYTE}\r\n\r\n`);
      const fill = (): void => {
        while (!socket.destroyed && written < GIGABYTE && socket.write(chunk)) written += chunk.length;
      };
      socket.on('drain', fill);
      fill();
    });
    const answer = await client.send(post(receiver, { maxResponseBytes: 4_096 }));
    expect(answer).toMatchObject({ status: 200, truncated: 'too_large' });
    expect(answer.body.toString()).toBe('x'.repeat(4_096));
    await expect(closes(receiver)).resolves.toBe(true);
    // What the kernel's buffers hold.
    expect(written).toBeLessThan(64 * 1_024 * 1_024);
  });

  it('sends exactly as much as allowed is read to its end', async () => {
    const receiver = await startReceiver(answering(200, 'x'.repeat(1_024)));
    await expect(client.send(post(receiver))).resolves.toMatchObject({ truncated: null });
  });

  it('sends huge headers is an error', async () => {
    const receiver = await startReceiver(answering(200, '', `x: ${'y'.repeat(1_000_000)}\r\n`));
    await expect(client.send(post(receiver))).rejects.toMatchObject({ code: 'too_large', sent: true });
    await expect(closes(receiver)).resolves.toBe(true);
  });

  it('is slow is given up at the deadline: in its headers, before them, in its body, in reading, in the handshake', async () => {
    const tcp = await startReceiver(() => undefined, 'tcp');
    const slow: Record<string, Receiver> = {
      silent: await startReceiver(() => undefined),
      headers: await startReceiver((socket) => (socket.write('HTTP/1.1 200 OK\r\n'), drip(socket, 'x'))),
      early: await startReceiver((socket) => drip(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n')),
      reading: await startReceiver((socket) => socket.pause()),
      body: await startReceiver((socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
        drip(socket, 'x');
      }),
      handshake: { ...tcp, url: tcp.url.replace('http:', 'https:') },
    };
    const body = [Buffer.alloc(15 * 1_024 * 1_024, 'x')];
    const startedAt = Date.now();
    const outcomes = Object.entries(slow).map(async ([fault, receiver]) => {
      const given = { timeoutMs: SLOW_MS, ...(fault === 'reading' ? { body } : {}) };
      const outcome = await client.send(post(receiver, given)).catch((error: OutboundError) => error);
      return [fault, outcome];
    });
    expect(Object.fromEntries(await Promise.all(outcomes))).toMatchObject({
      silent: { code: 'timed_out', sent: true },
      headers: { code: 'timed_out', sent: true },
      early: { code: 'timed_out', sent: true },
      reading: { code: 'timed_out', sent: true },
      // Its status is known, so the receiver has answered.
      body: { status: 200, truncated: 'timed_out' },
      handshake: { code: 'timed_out', sent: false },
    });
    expect(Date.now() - startedAt).toBeLessThan(SLOW_MS + 10_000);
    for (const fault of ['silent', 'headers', 'early', 'body']) {
      const receiver = slow[fault] as Receiver;
      await expect(closes(receiver)).resolves.toBe(true);
    }
  });

  it.each<[string, (socket: Socket) => void, boolean]>([
    ['resets the connection after the request', (socket) => void socket.destroy(), true],
    ['closes the connection after the request', (socket) => void socket.end(), true],
    ['does not speak HTTP', (socket) => void socket.write('SSH-2.0-OpenSSH_9.2\r\n\r\n'), true],
    [
      'switches protocols',
      (socket) => void socket.write('HTTP/1.1 101 X\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n'),
      true,
    ],
  ])('%s may have got the request', async (_fault, onRequest, sent) => {
    const receiver = await startReceiver(onRequest);
    await expect(client.send(post(receiver))).rejects.toMatchObject({ code: 'connection_failed', sent });
  });

  it('cuts its body short has answered nevertheless', async () => {
    const receiver = await startReceiver((socket) =>
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx'),
    );
    await expect(client.send(post(receiver))).resolves.toMatchObject({
      status: 200,
      truncated: 'connection_lost',
    });
  });

  it.each([
    ['a small one', 100, false],
    ['a large one, of which a part may have left', 100_000, true],
  ])(
    'resets a kept connection at the moment of the next request has not got %s',
    async (_size, bytes, sent) => {
      const sockets: Socket[] = [];
      const receiver = await startReceiver((socket) => {
        sockets.push(socket);
        answering(200)(socket);
      }, 'tcp');
      await client.send(post(receiver));
      // Until undici has marked the connection as idle.
      await sleep(100);
      const resetOnce = (): void => {
        unsubscribe('undici:client:sendHeaders', resetOnce);
        // Sends RST in this very moment; `resetAndDestroy` would wait for the next turn of the event loop.
        const { _handle } = sockets[0] as Socket & { _handle?: { reset: (done: () => void) => void } };
        _handle?.reset(() => undefined);
      };
      subscribe('undici:client:sendHeaders', resetOnce);
      const sending = client.send(post(receiver, { body: 'x'.repeat(bytes) }));
      await expect(sending).rejects.toMatchObject({ code: 'connection_failed', sent });
      expect(receiver.connections).toBe(1);
    },
  );

  it('does not listen has got nothing', async () => {
    const receiver = await startReceiver(() => undefined);
    await closeAll();
    const sending = guardedClient().send(post(receiver));
    await expect(sending).rejects.toMatchObject({
      code: 'connection_failed',
      detail: 'ECONNREFUSED',
      sent: false,
    });
  });

  it('resets the connection before the request has got nothing', async () => {
    const receiver = await startReceiver(() => undefined, 'tcp');
    receiver.onConnection = (socket) => socket.resetAndDestroy();
    const url = receiver.url.replace('http:', 'https:');
    await expect(client.send(post({ url }))).rejects.toMatchObject({
      code: 'connection_failed',
      sent: false,
    });
  });
});
