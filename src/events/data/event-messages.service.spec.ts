import type { OutgoingEvent } from '../outgoing-event.entity';
import type { EventBodies } from './event-bodies.service';
import { EventMessages } from './event-messages.service';

const KILOBYTE = 1_024;

describe('EventMessages', () => {
  const read: string[] = [];
  const messages = new EventMessages(
    {
      beginningOf: (id: string, length: number) =>
        Promise.resolve({ bytes: Number(id), start: Buffer.alloc(Math.min(Number(id), length)) }),
      restOf: (id: string) => {
        read.push(id);
        return Promise.resolve([Buffer.from('{')]);
      },
    } as unknown as EventBodies,
    { publicUrl: 'https://connect.example.com', returnUrls: [] },
  );
  messages.limits.largeBytes = 1_000 * KILOBYTE;
  /** Starts a delivery of a body of this size. @returns whether it was let through; call `end` to end it */
  const start = async (
    kilobytes: number,
    receiver: string,
  ): Promise<{ isBusy: boolean; end: () => unknown }> => {
    const event = { id: String(kilobytes * KILOBYTE), type: 'data.daily', data: '{}' } as OutgoingEvent;
    event.occurredAt = new Date();
    let end: () => void = () => undefined;
    let begun: () => void = () => undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const work = messages.use(event, receiver, () => {
      begun();
      return new Promise<void>((resolve) => (end = resolve));
    });
    const isBusy = (await Promise.race([work, hasBegun])) === 'busy';
    return { isBusy, end: async () => (end(), await work) };
  };

  it('bounds the bytes of large bodies in memory, and reads none that must wait', async () => {
    const under = [await start(400, 'a'), await start(600, 'b')];
    expect(under.map(({ isBusy }) => isBusy)).toEqual([false, false]);
    const before = read.length;
    expect(await start(300, 'c')).toMatchObject({ isBusy: true });
    expect(read.length).toBe(before);
    await under[0]!.end();
    const next = await start(300, 'c');
    expect(next.isBusy).toBe(false);
    await Promise.all([under[1]!.end(), next.end()]);
  });

  it('sends one large body at a time to each receiver, and small ones beside it', async () => {
    const large = await start(300, 'a');
    expect(await start(300, 'a')).toMatchObject({ isBusy: true });
    const small = await start(100, 'a');
    expect(small.isBusy).toBe(false);
    await Promise.all([large.end(), small.end()]);
  });

  it('sends a body that is larger than the bound when no other one is under way', async () => {
    const huge = await start(5_000, 'a');
    expect(huge.isBusy).toBe(false);
    await huge.end();
  });
});
