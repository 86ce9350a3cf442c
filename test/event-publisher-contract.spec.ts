import { setTimeout as sleep } from 'node:timers/promises';
import type { EventMessage } from '../src/events/cloud-event';
import type { EventPublisher } from '../src/events/event-publisher';
import {
  itKeepsThePublisherContract,
  jsonOf,
  PUBLISHER_CONTRACT,
  type PublisherUnderTest,
} from './support/event-publisher-contract';

/** The other side of the stand-in: a list in memory. */
class MemoryStore {
  readonly events: { id: string; json: string }[] = [];
  room = Infinity;
  frozen: AbortController | null = null;

  async add(event: EventMessage): Promise<void> {
    await this.frozenFor();
    if (this.room === 0) throw new Error('The store is full.');
    this.room -= 1;
    this.events.push({ id: event.id, json: jsonOf(event) });
  }

  private async frozenFor(): Promise<void> {
    if (this.frozen) await sleep(60_000, undefined, { signal: this.frozen.signal }).catch(() => undefined);
  }
}

/** The stand-in: correct as it is. The specs below break one method each. */
class MemoryPublisher implements EventPublisher {
  constructor(protected readonly store: MemoryStore) {}

  async publish(events: readonly EventMessage[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.untilAborted(this.addAll(events, signal), signal);
  }

  protected async addAll(events: readonly EventMessage[], signal: AbortSignal): Promise<void> {
    for (const event of events) {
      if (signal.aborted) return;
      await this.store.add(event);
    }
  }

  protected async untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
    const aborted = new Promise<never>((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error)),
    );
    work.catch(() => undefined);
    await Promise.race([work, aborted]);
  }
}

const start = (Publisher: new (store: MemoryStore) => EventPublisher): PublisherUnderTest => {
  const store = new MemoryStore();
  const heal = (): Promise<void> => {
    store.room = Infinity;
    store.frozen?.abort();
    store.frozen = null;
    return Promise.resolve();
  };
  return {
    publisher: new Publisher(store),
    stored: () => Promise.resolve([...store.events]),
    refuseAfter: (count) => {
      store.room = count;
      return Promise.resolve();
    },
    freeze: () => {
      store.frozen = new AbortController();
      return Promise.resolve();
    },
    heal,
    close: heal,
    soonMs: 1_000,
  };
};

describe('A publisher to memory', () => {
  itKeepsThePublisherContract(() => Promise.resolve(start(MemoryPublisher)));
});

/** Each breaks what its name says. */
const BROKEN: Record<string, new (store: MemoryStore) => EventPublisher> = {
  'sends in the reverse order': class extends MemoryPublisher {
    protected override addAll(events: readonly EventMessage[], signal: AbortSignal): Promise<void> {
      return super.addAll(events.toReversed(), signal);
    }
  },
  'goes on after a refused event': class extends MemoryPublisher {
    protected override async addAll(events: readonly EventMessage[], signal: AbortSignal): Promise<void> {
      let failure: unknown;
      for (const [index, event] of events.entries()) {
        // One refusal, as of a server that is full for a moment.
        if (index === 299 && this.store.room < Infinity) this.store.room = 0;
        await super.addAll([event], signal).catch((error: unknown) => {
          failure = error;
          this.store.room = Infinity;
        });
      }
      if (failure) throw failure as Error;
    }
  },
  'ignores refusals': class extends MemoryPublisher {
    protected override async addAll(events: readonly EventMessage[], signal: AbortSignal): Promise<void> {
      await super.addAll(events, signal).catch(() => undefined);
    }
  },
  'returns before all is stored': class extends MemoryPublisher {
    protected override addAll(events: readonly EventMessage[], signal: AbortSignal): Promise<void> {
      setTimeout(() => void super.addAll(events, signal).catch(() => undefined), 1_000);
      return Promise.resolve();
    }
  },
  'loses the last event': class extends MemoryPublisher {
    protected override addAll(events: readonly EventMessage[], signal: AbortSignal): Promise<void> {
      return super.addAll(events.slice(0, -1), signal);
    }
  },
  'changes events': class extends MemoryPublisher {
    protected override addAll(events: readonly EventMessage[], signal: AbortSignal): Promise<void> {
      return super.addAll(
        events.map((event) => ({
          ...event,
          parts: [Buffer.from(jsonOf(event).trim().replace('Zoë', 'Zoe'))],
        })),
        signal,
      );
    }
  },
  'skips what it has tried before': class extends MemoryPublisher {
    private readonly tried = new Set<string>();
    protected override addAll(events: readonly EventMessage[], signal: AbortSignal): Promise<void> {
      const fresh = events.filter(({ id }) => !this.tried.has(id));
      events.forEach(({ id }) => this.tried.add(id));
      return super.addAll(fresh, signal);
    }
  },
  'waits for a silent store': class extends MemoryPublisher {
    protected override untilAborted(work: Promise<void>): Promise<void> {
      return work;
    }
  },
  'starts although its signal is aborted': class extends MemoryPublisher {
    override async publish(events: readonly EventMessage[], signal: AbortSignal): Promise<void> {
      await this.addAll(events, new AbortController().signal);
      signal.throwIfAborted();
    }
  },
  'fails for ever after an abort': class extends MemoryPublisher {
    private isBroken = false;
    override async publish(events: readonly EventMessage[], signal: AbortSignal): Promise<void> {
      if (this.isBroken) throw new Error('broken');
      await super.publish(events, signal).catch((error: unknown) => {
        this.isBroken = signal.aborted;
        throw error;
      });
    }
  },
};

/** The guarantees that each of them breaks, at least. */
const BROKEN_GUARANTEES: Record<string, RegExp> = {
  'sends in the reverse order': /in their order|before an earlier one/,
  'goes on after a refused event': /before an earlier one/,
  'ignores refusals': /a call fails/,
  'returns before all is stored': /when the call returns/,
  'loses the last event': /all events are stored/,
  'changes events': /stored unchanged/,
  'skips what it has tried before': /stores every event/,
  'waits for a silent store': /ends soon/,
  'starts although its signal is aborted': /with an aborted signal/,
  'fails for ever after an abort': /after an aborted one/,
};

describe('The contract of publishers notices one that', () => {
  it.each(Object.keys(BROKEN))('%s', async (name) => {
    const failed: string[] = [];
    await Promise.all(
      PUBLISHER_CONTRACT.map(async ({ guarantee, check }) => {
        const tested = start(BROKEN[name]!);
        await check(tested).catch(() => failed.push(guarantee));
        await tested.close();
      }),
    );
    expect(failed).toContainEqual(expect.stringMatching(BROKEN_GUARANTEES[name]!));
  });
});
