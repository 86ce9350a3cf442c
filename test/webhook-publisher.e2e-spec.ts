import type { Socket } from 'node:net';
import { Clock } from '../src/common';
import { newSecret } from '../src/events/endpoints/endpoint-secret';
import { DeliveryFailedError, WebhookPublisher } from '../src/events/deliveries/webhook-publisher';
import { itKeepsThePublisherContract } from './support/event-publisher-contract';
import { answering, guardedClient, startReceiver, type Receiver } from './support/receiver';
import { closeAll } from './support/terra-client';
import { startWebhookReceiver } from './support/webhook-receiver';

const EVENT = { id: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10', parts: [Buffer.from('{"specversion":"1.0"}')] };
const GIGABYTE = 1_024 ** 3;

afterEach(closeAll);

describe('A receiver that behaves badly', () => {
  const publish = (receiver: Receiver, timeoutMs = 15_000, signal = new AbortController().signal) => {
    const target = {
      url: receiver.url,
      secret: newSecret(),
      previousSecret: null,
      previousSecretUntil: null,
    };
    return new WebhookPublisher(target, guardedClient(), new Clock(), timeoutMs).publish([EVENT], signal);
  };
  const meaningOf = async (published: Promise<void>) => {
    const error: unknown = await published.then(
      () => null,
      (reason: unknown) => reason,
    );
    return error instanceof DeliveryFailedError ? error.meaning : error;
  };

  it('and answers 200 after the deadline has not accepted the event', async () => {
    const late: Socket[] = [];
    const receiver = await startReceiver((socket) => late.push(socket));
    expect(await meaningOf(publish(receiver, 500))).toMatchObject({ kind: 'failed', error: 'timed_out' });
    for (const socket of late) answering(200)(socket);
  });

  it('and never reads has not accepted the event', async () => {
    const receiver = await startReceiver(() => undefined);
    receiver.onConnection = (socket) => setImmediate(() => socket.pause());
    expect(await meaningOf(publish(receiver, 500))).toMatchObject({ kind: 'failed' });
  });

  it('and sends a gigabyte with its 200 has accepted the event, and the service reads only the beginning', async () => {
    let written = 0;
    const receiver = await startReceiver((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${GIGABYTE}\r\n\r\n`);
      const chunk = Buffer.alloc(65_536);
      const pour = (): void => {
        while (written < GIGABYTE && !socket.destroyed) {
          written += chunk.length;
          if (!socket.write(chunk)) return void socket.once('drain', pour);
        }
      };
      pour();
    });
    expect(await meaningOf(publish(receiver))).toBeNull();
    expect(written).toBeLessThan(GIGABYTE / 10);
  });

  it('and closes the connection without an answer has not accepted the event', async () => {
    const receiver = await startReceiver((socket) => socket.destroy());
    expect(await meaningOf(publish(receiver))).toMatchObject({ kind: 'failed', error: 'connection_failed' });
  });

  it('and is waited for no longer when the service stops, which is no attempt', async () => {
    const stop = new AbortController();
    const receiver = await startReceiver(() => stop.abort());
    expect(await meaningOf(publish(receiver, 15_000, stop.signal))).toMatchObject({ kind: 'not_attempted' });
  });
});

describe('The webhook publisher', () => {
  itKeepsThePublisherContract(async () => {
    const receiver = await startWebhookReceiver();
    const stored: { id: string; json: string }[] = [];
    let room = Infinity;
    let isFrozen = false;
    receiver.answer = (event, response) => {
      if (isFrozen) return;
      if (room === 0) return response.writeHead(500).end();
      room -= 1;
      stored.push({ id: event.id, json: receiver.received.at(-1)?.body ?? '' });
      return response.writeHead(204).end();
    };
    const target = {
      url: receiver.url,
      secret: newSecret(),
      previousSecret: null,
      previousSecretUntil: null,
    };
    return {
      publisher: new WebhookPublisher(target, guardedClient(), new Clock()),
      stored: () => Promise.resolve(stored),
      refuseAfter: (count) => Promise.resolve(void (room = count)),
      freeze: () => Promise.resolve(void (isFrozen = true)),
      heal: () => {
        [room, isFrozen] = [Infinity, false];
        return Promise.resolve();
      },
      close: closeAll,
      soonMs: 5_000,
    };
  });
});
