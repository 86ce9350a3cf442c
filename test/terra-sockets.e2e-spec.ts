import { Logger } from '@nestjs/common';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { RequestListener } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { OutgoingOptions } from '../src/config';
import type { TerraClient } from '../src/terra/terra.client';
import { startConnectProxy, type ConnectProxy } from './support/connect-proxy';
import { clientOf, closeAll, closeLater, listen, startTerra } from './support/terra-client';

const TOKEN = JSON.stringify({ status: 'success', token: 'sdk-token', expires_in: 180 });

beforeAll(() => {
  Logger.overrideLogger(false);
});
afterAll(() => {
  Logger.overrideLogger(['error']);
});
afterEach(closeAll);

describe('A kept connection', () => {
  let sockets: Socket[];
  let requests: number;
  let client: TerraClient;

  /** Answers each request at once, and keeps the connection. */
  beforeEach(async () => {
    sockets = [];
    requests = 0;
    const server = createServer((socket) => {
      sockets.push(socket);
      socket
        .on('error', () => undefined)
        .on('data', () => {
          requests += 1;
          socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${TOKEN.length}\r\n\r\n${TOKEN}`);
        });
    });
    client = clientOf(await listen(server));
    closeLater(() => sockets.forEach((socket) => socket.destroy()));
    await client.createSdkToken('first');
    // Until undici has marked the connection as idle.
    await sleep(100);
  });
  /** Sends RST in this very moment; `resetAndDestroy` would wait for the next turn of the event loop. */
  const reset = ({ _handle }: Socket & { _handle?: { reset: (done: () => void) => void } }): void =>
    _handle?.reset(() => undefined);
  /** Runs `action` immediately before undici writes the next request. */
  const beforeNextWrite = (action: () => void): void => {
    const once = (): void => {
      unsubscribe('undici:client:sendHeaders', once);
      action();
    };
    subscribe('undici:client:sendHeaders', once);
  };

  it('that was reset before the next call does not fail this call, although it is a POST', async () => {
    reset(sockets[0] as Socket);
    await expect(client.createSdkToken('second')).resolves.toMatchObject({ token: 'sdk-token' });
    expect({ requests, connections: sockets.length }).toEqual({ requests: 2, connections: 2 });
  });

  it('that is reset at the moment of the write does not fail the call either: no byte was sent', async () => {
    beforeNextWrite(() => reset(sockets[0] as Socket));
    await expect(client.createSdkToken('second')).resolves.toMatchObject({ token: 'sdk-token' });
    expect({ requests, connections: sockets.length }).toEqual({ requests: 2, connections: 2 });
  });

  it('that closes after the write fails a POST: Terra may have acted on it', async () => {
    beforeNextWrite(() => sockets[0]?.destroy());
    await expect(client.createSdkToken('second')).rejects.toMatchObject({ code: 'terra.unavailable' });
    expect(sockets).toHaveLength(1);
  });

  it('that dies again and again is given up after one repetition', async () => {
    beforeNextWrite(() => {
      reset(sockets[0] as Socket);
      beforeNextWrite(() => reset(sockets[1] as Socket));
    });
    await expect(client.createSdkToken('second')).rejects.toMatchObject({ code: 'terra.unavailable' });
    expect({ requests, connections: sockets.length }).toEqual({ requests: 1, connections: 2 });
  });
});

describe('An answer of Terra', () => {
  /** Sends a body that never ends. Without a bound, the call would end by its deadline, as `terra.timeout`. */
  const endless =
    (status: number): RequestListener =>
    (request, response) => {
      request.resume();
      response.writeHead(status, { 'content-type': 'application/json' });
      const chunk = Buffer.alloc(64 * 1_024, '[');
      const send = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', send).on('error', () => undefined);
      send();
    };

  it('about one session or token is read up to 64 KB (T-21)', async () => {
    const client = clientOf(await startTerra(endless(200)));
    await expect(client.createSdkToken('person')).rejects.toMatchObject({ code: 'terra.malformed_answer' });
    await expect(client.findUser('user')).rejects.toMatchObject({ code: 'terra.malformed_answer' });
  });

  it('with an endless error text is judged by its status (T-21)', async () => {
    const client = clientOf(await startTerra(endless(410)));
    await expect(client.findUser('user')).rejects.toMatchObject({ code: 'terra.endpoint_missing' });
  });

  it('with a page of users is read up to 4 MB (T-21)', async () => {
    let padding = 3;
    const page = (): string =>
      JSON.stringify({ next: null, results: [], padding: 'x'.repeat(padding * 1_024 * 1_024) });
    const client = clientOf(await startTerra((_request, response) => response.end(page())));
    await expect(client.listUsersPage(0)).resolves.toMatchObject({ users: [] });
    padding = 5;
    await expect(client.listUsersPage(0)).rejects.toMatchObject({ code: 'terra.malformed_answer' });
  });

  it('with a list that has no end is given up after 20,000 pages (T-21)', async () => {
    const client = clientOf(
      await startTerra((request, response) => {
        const page = Number(new URL(request.url ?? '', 'http://terra').searchParams.get('page'));
        response.end(JSON.stringify({ next: page + 1, results: [] }));
      }),
    );
    await expect(client.listUsersPage(19_998)).resolves.toMatchObject({ next: 19_999 });
    await expect(client.listUsersPage(19_999)).rejects.toMatchObject({ code: 'terra.list_too_long' });
  });

  it('is not compressed: the service asks for that, and never inflates an answer (T-21)', async () => {
    const accepted: (string | undefined)[] = [];
    const client = clientOf(
      await startTerra((request, response) => {
        accepted.push(request.headers['accept-encoding']);
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(TOKEN));
      }),
    );
    await expect(client.createSdkToken('person')).rejects.toMatchObject({ code: 'terra.malformed_answer' });
    expect(accepted).toEqual(['identity']);
  });

  it.each([301, 302, 307, 308])(
    'that redirects with %d is not followed: the address would get our key and the reference (T-18)',
    async (status) => {
      const followed: string[] = [];
      const elsewhere = await startTerra((request, response) => {
        followed.push(request.url ?? '');
        response.end(TOKEN);
      });
      const client = clientOf(
        await startTerra((_request, response) => {
          response.writeHead(status, { location: `${elsewhere}/stolen` }).end();
        }),
      );
      await expect(client.listUsersOf('person')).rejects.toMatchObject({ code: 'terra.endpoint_missing' });
      expect(followed).toEqual([]);
    },
  );
});

describe('A proxy', () => {
  let proxy: ConnectProxy;
  let terra: string;
  beforeEach(async () => {
    proxy = await startConnectProxy();
    closeLater(() => proxy.close());
    terra = await startTerra((_request, response) => response.end(TOKEN));
    proxy.port = Number(new URL(terra).port);
  });
  const ask = (url: string, outgoing: Partial<OutgoingOptions>): Promise<unknown> =>
    clientOf(url, outgoing).createSdkToken('person');
  const unavailable = { code: 'terra.unavailable' };

  it('tunnels the calls to http:// URLs, with its user and password', async () => {
    const httpProxy = proxy.url.replace('http://', 'http://user:p%40ss@');
    await expect(ask('http://terra.test', { httpProxy })).resolves.toMatchObject({ token: 'sdk-token' });
    expect(proxy.targets).toEqual(['terra.test:80']);
    expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('user:p@ss').toString('base64')}`]);
  });

  it('for https:// URLs carries TLS, which ends at Terra', async () => {
    const none = 'http://127.0.0.1:9';
    await expect(ask('https://terra.test', { httpsProxy: proxy.url, httpProxy: none })).rejects.toMatchObject(
      unavailable,
    );
    expect(proxy.targets[0]).toBe('terra.test:443');
    // The type of a TLS handshake record.
    expect(proxy.firstBytes[0]).toBe(0x16);
  });

  it.each(['terra.test', '.test', 'other.example, terra.test:80', '*'])(
    'is not used for a host in NO_PROXY: %s',
    async (noProxy) => {
      await expect(ask('http://terra.test', { httpProxy: proxy.url, noProxy })).rejects.toMatchObject(
        unavailable,
      );
      expect(proxy.targets).toEqual([]);
    },
  );

  it('is not used for this machine', async () => {
    const port = new URL(terra).port;
    for (const host of ['127.0.0.1', 'localhost'])
      await ask(`http://${host}:${port}`, { httpProxy: proxy.url, noProxy: 'other.example' });
    expect(proxy.targets).toEqual([]);
  });

  it.each(['reject', 'close'] as const)(
    'that answers CONNECT with "%s" is an outage, and is not asked without an end',
    async (behaviour) => {
      proxy.behaviour = behaviour;
      await expect(ask('http://terra.test', { httpProxy: proxy.url })).rejects.toMatchObject(unavailable);
      const asked = proxy.targets.length;
      expect(asked).toBeLessThanOrEqual(2);
      await sleep(300);
      expect(proxy.targets).toHaveLength(asked);
    },
  );

  it('that never answers CONNECT does not keep a caller waiting', async () => {
    proxy.behaviour = 'silent';
    const startedAt = Date.now();
    const asked = clientOf('http://terra.test', { httpProxy: proxy.url }).findUser('user', 1_000);
    await expect(asked).rejects.toMatchObject({ code: 'terra.timeout' });
    expect(Date.now() - startedAt).toBeLessThan(9_000);
  });
});
