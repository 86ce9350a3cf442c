import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { jetstream, type JetStreamClient, type PubAck } from '@nats-io/jetstream';
import type { EventMessage } from '../../src/events/cloud-event';
import type { NatsPublisher } from '../../src/events/nats/nats.publisher';
import { partitionOf } from '../../src/events/nats/nats-subject';
import {
  assertOrdered,
  itKeepsThePublisherContract,
  jsonOf,
  makeEvents,
  type PublisherUnderTest,
} from '../support/event-publisher-contract';
import { TestNatsServer } from './support/nats-server';
import { makePublisher, natsOptions, PREFIX, STREAM } from './support/publisher';

const never = (): AbortSignal => new AbortController().signal;

beforeAll(() => {
  Logger.overrideLogger(false);
});

async function start(): Promise<PublisherUnderTest & { server: TestNatsServer; publisher: NatsPublisher }> {
  const server = await TestNatsServer.start();
  const publisher = makePublisher(natsOptions(server));
  const limit = (max_msgs: number): Promise<unknown> =>
    server.with((_connection, manager) => manager.streams.update(STREAM, { max_msgs }));
  let isFrozen = false;
  return {
    server,
    publisher,
    stored: async () => (await server.stored(STREAM)).map(({ id, json }) => ({ id, json })),
    refuseAfter: async (count) => {
      // The stream must exist.
      await publisher.publish([makeEvents(1)[0]!], never());
      await server.with((_connection, manager) => manager.streams.purge(STREAM));
      await limit(count);
    },
    freeze: () => {
      isFrozen = true;
      return server.freeze();
    },
    heal: async () => {
      if (isFrozen) server.thaw();
      else await limit(-1);
      isFrozen = false;
    },
    close: async () => {
      if (isFrozen) server.thaw();
      await publisher.onApplicationShutdown();
      await server.stop();
    },
    soonMs: 10_000,
  };
}

describe('The publisher to NATS', () => {
  itKeepsThePublisherContract(start);

  it('has one subject per partition and type, and the id of the event as the id of the message', async () => {
    const { server, publisher, close } = await start();
    const events = [
      ...makeEvents(20),
      { ...makeEvents(1)[0]!, referenceId: null, type: 'endpoint.disabled' as const },
    ];
    await publisher.publish(events, never());
    const expected = events.map(({ id, type, referenceId }) => ({
      id,
      subject: `${PREFIX}.${partitionOf(referenceId, 4)}.${type}`,
    }));
    expect(await server.stored(STREAM)).toMatchObject(expected);
    await close();
  });

  it('stores nothing twice when a batch is repeated after the server has forgotten its ids', async () => {
    const { server, publisher, stored, close } = await start();
    const events = makeEvents(700);
    const store = (client: JetStreamClient, event: EventMessage): Promise<PubAck> =>
      client.publish(`${PREFIX}.0.x`, jsonOf(event), { msgID: event.id });
    // An earlier process has stored some, more than a duplicate window ago.
    await server.with(async (connection, manager) => {
      const subjects = [`${PREFIX}.>`];
      await manager.streams.add({ name: STREAM, subjects, storage: 'file', duplicate_window: 100e6 });
      for (const event of events.slice(0, 400)) await store(jetstream(connection), event);
      await sleep(500);
      await manager.streams.update(STREAM, { duplicate_window: 120e9 });
    });
    await publisher.publish(events, never());
    expect((await stored()).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    // The server has indeed forgotten them: it would have stored them again.
    await server.with(async (connection) => {
      expect(await store(jetstream(connection), events[0]!)).toMatchObject({ seq: 701, duplicate: false });
    });
    await close();
  });

  it('stores no event of a publisher that continues after another one has taken over', async () => {
    const { server, publisher, stored, close } = await start();
    const [before, batch, after] = [makeEvents(3), makeEvents(300), makeEvents(3)];
    await publisher.publish(before, never());
    const other = makePublisher(natsOptions(server));
    await other.publish(batch, never());
    await other.publish(after, never());
    await publisher.publish(batch, never());
    assertOrdered(batch, await stored(), 'all');
    expect(await stored()).toHaveLength(306);
    await other.onApplicationShutdown();
    await close();
  });

  it('stores nothing behind an event that the server refuses', async () => {
    const { server, publisher, close } = await start();
    await publisher.publish(makeEvents(1), never());
    const events = makeEvents(300);
    events[100] = { ...events[100]!, parts: [Buffer.from(`"${'x'.repeat(10_000)}"`)] };
    const limit = (max_msg_size: number): Promise<unknown> =>
      server.with((_connection, manager) => manager.streams.update(STREAM, { max_msg_size }));
    await limit(5_000);
    await expect(publisher.publish(events, never())).rejects.toThrow('maximum');
    expect((await server.stored(STREAM)).slice(1).map(({ id }) => id)).toEqual(
      events.slice(0, 100).map(({ id }) => id),
    );
    await limit(-1);
    await publisher.publish(events, never());
    expect((await server.stored(STREAM)).slice(1).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    await close();
  });

  it('fails when others keep publishing to the stream, and stores nothing out of order', async () => {
    const { server, publisher, stored, close } = await start();
    const events = makeEvents(1_000);
    await publisher.publish(events.slice(0, 1), never());
    await server.with(async (connection) => {
      const client = jetstream(connection);
      let done = false;
      const foreign = (async () => {
        while (!done) await client.publish(`${PREFIX}.0.foreign`, 'x');
      })();
      await publisher.publish(events, never()).catch((error: unknown) => {
        expect(error).toMatchObject({ failure: 'other_publisher' });
      });
      done = true;
      await foreign;
    });
    const own = (await stored()).filter(({ id }) => id !== '');
    assertOrdered(events, own, 'some');
    await close();
  });

  it('sends a claim check in place of an event that is larger than the server takes', async () => {
    const { publisher, stored, close } = await start();
    const [small, large] = makeEvents(2);
    const json = jsonOf(large!).replace('"number":1', `"number":1,"payload":"${'x'.repeat(1_100_000)}"`);
    await publisher.publish([small!, { ...large!, parts: [Buffer.from(json)] }], never());
    const [, message] = await stored();
    const { data, ...head } = JSON.parse(jsonOf(large!)) as { data: unknown };
    expect(data).toBeDefined();
    expect(JSON.parse(message!.json)).toEqual({
      ...head,
      dataref: `https://connect.example.com/v1/events/${large!.id}/data`,
    });
    await close();
  });
});
