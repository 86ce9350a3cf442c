import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { epochMs } from '../task-process';
import { Arrivals, type TakenEvent } from './arrivals';
import type { ServiceApi } from './service-api';

interface Reader {
  arrivals: Arrivals;
  close: () => Promise<void>;
}

interface Page {
  items: TakenEvent[];
  nextCursor: string;
}

const PAGE = 500;
const WAIT_SECONDS = 2;

/** Reads the log of the service from its end on, with long polls. */
export async function readFeed(api: ServiceApi): Promise<Reader> {
  const arrivals = new Arrivals();
  let isOpen = true;
  let { nextCursor } = await api.call<Page>('GET', '/v1/events?after=latest');
  const follow = async (): Promise<void> => {
    while (isOpen) {
      const query = `after=${nextCursor}&limit=${PAGE}&wait=${WAIT_SECONDS}`;
      const page = await api.call<Page>('GET', `/v1/events?${query}`);
      const at = epochMs();
      for (const event of page.items) arrivals.add(event, at);
      nextCursor = page.nextCursor;
    }
  };
  const following = follow().catch((error: unknown) => {
    arrivals.problem ??= String(error);
  });
  return {
    arrivals,
    close: async () => {
      isOpen = false;
      await following;
    },
  };
}

/** Consumes a stream of a NATS server from its end on. */
export async function readNats(servers: string, stream: string): Promise<Reader> {
  const arrivals = new Arrivals();
  const connection = await connect({ servers });
  const consumer = await jetstream(connection).consumers.get(stream, { deliver_policy: DeliverPolicy.New });
  const messages = await consumer.consume();
  const follow = async (): Promise<void> => {
    for await (const message of messages) arrivals.add(message.json<TakenEvent>(), epochMs());
  };
  const following = follow().catch((error: unknown) => {
    arrivals.problem ??= String(error);
  });
  return {
    arrivals,
    close: async () => {
      await messages.close();
      await connection.close();
      await following;
    },
  };
}
