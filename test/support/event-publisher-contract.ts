import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventMessage } from '../../src/events/cloud-event';

import type { EventPublisher } from '../../src/events/event-publisher';

/** A publisher, and the other side that it publishes to. */
export interface PublisherUnderTest {
  publisher: EventPublisher;
  /** What the other side has stored, in its order, with repetitions. */
  stored: () => Promise<{ id: string; json: string }[]>;
  /** From now on, the other side stores `count` more events and refuses the next ones. */
  refuseAfter: (count: number) => Promise<void>;
  /** From now on, the other side answers nothing. */
  freeze: () => Promise<void>;
  /** Ends {@link refuseAfter} and {@link freeze}. */
  heal: () => Promise<void>;
  close: () => Promise<void>;
  /** What counts as soon, in milliseconds. */
  soonMs: number;
}

export interface ContractCheck {
  guarantee: string;
  /** @throws Error when the publisher breaks the guarantee */
  check: (tested: PublisherUnderTest) => Promise<void>;
}

const PEOPLE = 7;
// More than any publisher sends at one time.
const MANY = 1_000;
const FREEZE_MS = 200;
const CALL_MS = 20_000;

export const jsonOf = ({ parts }: EventMessage): string => Buffer.concat(parts).toString('utf8');

/** What the callers of `EventPublisher` rely on. Each check needs another side of its own, without events. */
export const PUBLISHER_CONTRACT: ContractCheck[] = [
  {
    guarantee: 'all events are stored unchanged, in their order, when the call returns',
    check: async ({ publisher, stored }: PublisherUnderTest): Promise<void> => {
      const events = makeEvents(MANY);
      await publisher.publish(events, never());
      const expected = events.map((event) => ({ id: event.id, json: jsonOf(event) }));
      assertSame(await stored(), expected);
    },
  },
  {
    guarantee: 'the events of a second call are stored behind those of the first one',
    check: async ({ publisher, stored }: PublisherUnderTest): Promise<void> => {
      const events = makeEvents(20);
      await publisher.publish(events.slice(0, 10), never());
      await publisher.publish(events.slice(10), never());
      assertSame(idsOf(await stored()), idsOf(events));
    },
  },
  {
    guarantee: 'a call without events ends without an effect',
    check: async ({ publisher, stored }: PublisherUnderTest): Promise<void> => {
      await publisher.publish([], never());
      assertSame(await stored(), []);
    },
  },
  {
    guarantee: 'a call fails when the other side refuses an event',
    check: async ({ publisher, refuseAfter }: PublisherUnderTest): Promise<void> => {
      await refuseAfter(5);
      await assertRejects(publisher.publish(makeEvents(10), never()));
    },
  },
  {
    guarantee: 'no event is stored before an earlier one of its end user that was refused',
    check: async ({ publisher, stored, refuseAfter }: PublisherUnderTest): Promise<void> => {
      const events = makeEvents(MANY);
      await refuseAfter(300);
      await assertRejects(publisher.publish(events, never()));
      assertOrdered(events, await stored(), 'some');
    },
  },
  {
    guarantee: 'a repeated call after a failure stores every event, and none out of order',
    check: async ({ publisher, stored, refuseAfter, heal }: PublisherUnderTest): Promise<void> => {
      const events = makeEvents(MANY);
      await refuseAfter(300);
      await assertRejects(publisher.publish(events, never()));
      await heal();
      await publisher.publish(events, never());
      assertOrdered(events, await stored(), 'all');
    },
  },
  {
    guarantee: 'a repeated call after a success changes nothing that the ids do not reveal',
    check: async ({ publisher, stored }: PublisherUnderTest): Promise<void> => {
      const events = makeEvents(10);
      await publisher.publish(events, never());
      await publisher.publish(events, never());
      assertOrdered(events, await stored(), 'all');
    },
  },
  {
    guarantee: 'a call ends soon after its signal is aborted, although the other side is silent',
    check: async ({ publisher, freeze, soonMs }: PublisherUnderTest): Promise<void> => {
      await publisher.publish(makeEvents(1), never());
      await freeze();
      const abort = new AbortController();
      const call = publisher.publish(makeEvents(10), abort.signal);
      call.catch(() => undefined);
      await sleep(FREEZE_MS);
      abort.abort();
      await assertRejects(call, soonMs);
    },
  },
  {
    guarantee: 'a call with an aborted signal stores nothing',
    check: async ({ publisher, stored }: PublisherUnderTest): Promise<void> => {
      await assertRejects(publisher.publish(makeEvents(10), AbortSignal.abort()));
      assertSame(await stored(), []);
    },
  },
  {
    guarantee: 'a call after an aborted one stores its events',
    check: async ({ publisher, stored, freeze, heal, soonMs }: PublisherUnderTest): Promise<void> => {
      const events = makeEvents(10);
      await freeze();
      await assertRejects(publisher.publish(events, AbortSignal.timeout(FREEZE_MS)), FREEZE_MS + soonMs);
      await heal();
      await publisher.publish(events, never());
      assertOrdered(events, await stored(), 'all');
    },
  },
];

/** Runs the checks as tests, each against another side of its own. */
export function itKeepsThePublisherContract(start: () => Promise<PublisherUnderTest>): void {
  it.each(PUBLISHER_CONTRACT)('$guarantee', async ({ check }) => {
    const tested = await start();
    try {
      await check(tested);
    } finally {
      await tested.close();
    }
  });
}

/** Events of several end users in turn. */
export function makeEvents(count: number): EventMessage[] {
  return Array.from({ length: count }, (_, index) => {
    const [id, referenceId] = [randomUUID(), `user-${index % PEOPLE}`];
    const data = { number: index, text: 'Zoë 🚴' };
    const json = JSON.stringify({
      specversion: '1.0',
      id,
      type: 'connection.connected',
      subject: referenceId,
      data,
    });
    return { id, type: 'connection.connected', position: index + 1, referenceId, parts: [Buffer.from(json)] };
  });
}

/** Repetitions do not count: a consumer recognises them by their ids. */
export function assertOrdered(
  events: readonly EventMessage[],
  stored: readonly { id: string }[],
  which: 'some' | 'all',
): void {
  const firsts = [...new Set(idsOf(stored))];
  for (const person of new Set(events.map(({ referenceId }) => referenceId))) {
    const ids = idsOf(events.filter(({ referenceId }) => referenceId === person));
    const seen = firsts.filter((id) => ids.includes(id));
    assertSame(seen, ids.slice(0, which === 'all' ? ids.length : seen.length));
  }
}

const never = (): AbortSignal => new AbortController().signal;

const idsOf = (events: readonly { id: string }[]): string[] => events.map(({ id }) => id);

function assertSame(actual: unknown, expected: unknown): void {
  expect(actual).toEqual(expected);
}

async function assertRejects(call: Promise<void>, withinMs = CALL_MS): Promise<void> {
  const ended = new AbortController();
  const outcome = await Promise.race([
    call.then(
      () => 'returned',
      () => 'failed',
    ),
    sleep(withinMs, 'not ended', { signal: ended.signal }).catch(() => 'ended'),
  ]);
  ended.abort();
  assertSame(outcome, 'failed');
}
