import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { hostFor, listen, ListenError, listenErrorOf } from './app.listen';

@Module({})
class EmptyModule {}

/** An address that no machine has: it is reserved for documentation. */
const FOREIGN_ADDRESS = '192.0.2.7';

describe('Listening', () => {
  let app: NestFastifyApplication;
  beforeEach(async () => {
    app = await NestFactory.create<NestFastifyApplication>(EmptyModule, new FastifyAdapter(), {
      logger: false,
      abortOnError: false,
    });
  });
  afterEach(() => app.close());

  it('on :: accepts IPv4, and returns the address in use', async () => {
    const address = await listen(app, 0, await hostFor('::'));
    const port = address.split(':').at(-1);
    expect([`[::]:${port}`, `0.0.0.0:${port}`]).toContain(address);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
  });

  it('on :: accepts IPv4 where the system has no IPv6', async () => {
    const address = await listen(app, 0, await hostFor('::', () => Promise.resolve(false)));
    expect(address).toMatch(/^0\.0\.0\.0:\d+$/);
  });

  it('on another address accepts only that one', async () => {
    expect(await listen(app, 0, await hostFor('127.0.0.1'))).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  it('on a port that is in use fails and names the setting to change', async () => {
    const other = createServer().listen(0);
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(listen(app, port, await hostFor('::'))).rejects.toThrow(
      new ListenError(`Port ${port} is in use. Stop the other program, or set PORT to another port.`),
    );
    other.close();
  });

  it('on an address of another machine fails and names the setting to change', async () => {
    await expect(listen(app, 0, FOREIGN_ADDRESS)).rejects.toThrow(
      new ListenError(
        `This machine has no address ${FOREIGN_ADDRESS}. ` +
          'Set LISTEN_ADDRESS to one of its addresses, or to :: for all of them.',
      ),
    );
  });
});

// A test that runs as root cannot get EACCES from a socket.
describe('A port that the user may not use', () => {
  it('is reported with the setting to change', () => {
    const error = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });
    expect(listenErrorOf(error, 80, '::')?.message).toBe(
      'This user may not listen on port 80. Set PORT to another port, 1024 or higher.',
    );
  });
});
