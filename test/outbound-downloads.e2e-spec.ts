import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { becomesTrue } from '../local/waiting';
import type { Download } from '../src/outbound';
import { answering, guardedClient, startReceiver, type Receiver } from './support/receiver';
import { closeAll } from './support/terra-client';

const JSON_TYPE = 'content-type: application/json\r\n';
const MEGABYTE = 1_024 * 1_024;

afterEach(closeAll);

const download = ({ url }: Receiver, given: Partial<Download> = {}): Promise<Buffer> =>
  guardedClient().download(url, { allowedHostSuffixes: ['.example.com'], timeoutMs: 20_000, ...given });

describe('T-18: a file that Terra names', () => {
  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/octet-stream',
    'binary/octet-stream',
  ])('is fetched as %s', async (type) => {
    const receiver = await startReceiver(answering(200, '{"data":[]}', `content-type: ${type}\r\n`));
    const file = await download(receiver);
    expect(file.toString()).toBe('{"data":[]}');
    expect(receiver.received).toMatch(/^GET \/terra HTTP\/1\.1\r\n/);
    expect(receiver.received).toContain('accept-encoding: identity\r\n');
  });

  it('is fetched from a presigned URL that is longer than the URL of a receiver may be', async () => {
    const receiver = await startReceiver(answering(200, '{}', JSON_TYPE));
    const long = (length: number) => ({ ...receiver, url: `${receiver.url}?token=${'t'.repeat(length)}` });
    await expect(download(long(8_000))).resolves.toHaveLength(2);
    await expect(download(long(8_200))).rejects.toMatchObject({ code: 'url_forbidden' });
  });

  it.each([
    ['another status', 'STATUS_403', answering(403, '<Error/>', JSON_TYPE)],
    ['a part of it', 'STATUS_206', answering(206, '{}', JSON_TYPE)],
    ['a redirect', 'STATUS_307', answering(307, '', 'location: http://127.0.0.1/\r\n')],
    ['a web page', 'CONTENT_TYPE', answering(200, '<html>', 'content-type: text/html\r\n')],
    ['another JSON type', 'CONTENT_TYPE', answering(200, '{}', 'content-type: application/jsonp\r\n')],
    ['no type', 'CONTENT_TYPE', answering(200, '{}')],
    [
      'compressed bytes',
      'CONTENT_ENCODING',
      answering(200, gzipSync('{}').toString('latin1'), `${JSON_TYPE}content-encoding: gzip\r\n`),
    ],
  ])('is rejected if the answer is %s', async (_answer, detail, onRequest) => {
    await expect(download(await startReceiver(onRequest))).rejects.toMatchObject({
      code: 'answer_rejected',
      detail,
    });
  });

  it('is rejected above 15 MB, or above a lower limit, without reading the rest', async () => {
    let written = 0;
    const chunk = Buffer.alloc(MEGABYTE, ' ');
    const endless = (socket: Socket): void => {
      socket.write(`HTTP/1.1 200 OK\r\n${JSON_TYPE}\r\n`);
      const fill = (): void => {
        while (!socket.destroyed && written < 200 * MEGABYTE && socket.write(chunk)) written += chunk.length;
      };
      socket.on('drain', fill);
      fill();
    };
    const receiver = await startReceiver(endless);
    await expect(download(receiver)).rejects.toMatchObject({ code: 'too_large' });
    await expect(becomesTrue(() => receiver.open === 0, 20_000)).resolves.toBe(true);
    expect(written).toBeLessThan(100 * MEGABYTE);
    const small = await startReceiver(answering(200, '{"a":1}', JSON_TYPE));
    await expect(download(small, { maxBytes: 6 })).rejects.toMatchObject({ code: 'too_large' });
    await expect(download(small, { maxBytes: 7 })).resolves.toHaveLength(7);
  });

  it('is rejected if it is not complete: the connection is lost, or the deadline passes', async () => {
    const head = `HTTP/1.1 200 OK\r\n${JSON_TYPE}content-length: 100\r\n\r\n`;
    const cut = await startReceiver((socket) => socket.end(`${head}{}`));
    await expect(download(cut)).rejects.toMatchObject({ code: 'connection_failed' });
    const slow = await startReceiver((socket) => void socket.write(`${head}{}`));
    await expect(download(slow, { timeoutMs: 1_500 })).rejects.toMatchObject({ code: 'timed_out' });
    await expect(becomesTrue(() => slow.open === 0, 20_000)).resolves.toBe(true);
  });

  it.each([
    [[]],
    [['']],
    [['.']],
    [['example.org']],
    [['oks.example.com']],
    [['hooks.example.com.evil.net']],
    [['com.']],
    [['s.hooks.example.com']],
  ])('is not fetched from a host outside of the list %j', async (allowedHostSuffixes) => {
    const receiver = await startReceiver(answering(200, '{}', JSON_TYPE));
    await expect(download(receiver, { allowedHostSuffixes })).rejects.toMatchObject({
      code: 'url_forbidden',
      sent: false,
    });
    expect(receiver.connections).toBe(0);
  });

  it.each([[['hooks.example.com']], [['Example.COM']], [['.example.com', 'other.net']]])(
    'is fetched from a host in the list %j',
    async (allowedHostSuffixes) => {
      const receiver = await startReceiver(answering(200, '{}', JSON_TYPE));
      await expect(download(receiver, { allowedHostSuffixes })).resolves.toHaveLength(2);
    },
  );

  it('is not fetched without TLS, from user info or from an address, even if its end is in the list', async () => {
    const client = guardedClient({ allowPrivateNetworks: false });
    for (const url of [
      'http://a.example.com/',
      'https://a.example.com@127.0.0.1/',
      'https://127.0.0.1/',
      'https://a.example.com:80/',
      'no url',
    ])
      await expect(
        client.download(url, { allowedHostSuffixes: ['example.com', '1'], timeoutMs: 1_000 }),
      ).rejects.toMatchObject({ code: 'url_forbidden' });
  });
});
