import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type EntityManager } from 'typeorm';
import { inTransaction } from '../src/database';
import { EventLog, type NewEvent } from '../src/events';
import { startTestApp, type TestApp } from './support/app';
import { readEvents, sequenceEvents } from './support/events';
import { newReference } from './support/flow';
import { SeededRandom } from './support/seeded-random';

describe('GET /v1/events', () => {
  let service: TestApp;
  let log: EventLog;
  beforeAll(async () => {
    service = await startTestApp();
    log = service.app.get(EventLog, { strict: false });
  });
  afterAll(() => service.close());

  const inTheService = <Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> =>
    inTransaction(service.app.get(DataSource), work);
  const newEvent = (referenceId: string, place = 0): NewEvent => ({
    type: 'end_user.erased',
    referenceId,
    connectionId: null,
    occurredAt: new Date('2026-11-24T09:30:00Z'),
    data: { referenceId, place },
  });
  const append = (...events: NewEvent[]): Promise<string[]> =>
    inTheService((manager) => log.append(manager, events));
  const latest = async (): Promise<string> => (await readEvents(service, { after: 'latest' })).nextCursor;

  it('gives events as CloudEvents, in their order, page by page', async () => {
    const after = await latest();
    const references = [1, 2, 3, 4, 5].map(newReference);
    const ids = await append(...references.map((reference) => newEvent(reference)));
    await sequenceEvents(service);
    const first = await readEvents(service, { after, limit: '3' });
    expect(first).toMatchObject({ hasMore: true });
    const second = await readEvents(service, { after: first.nextCursor, limit: '3' });
    expect(second).toMatchObject({ hasMore: false });
    const items = [...first.items, ...second.items];
    expect(items.map(({ id }) => id)).toEqual(ids);
    const sequences = items.map(({ sequence }) => sequence);
    expect([...sequences].sort()).toEqual(sequences);
    expect(items[0]).toEqual({
      specversion: '1.0',
      id: ids[0],
      type: 'end_user.erased',
      source: service.url,
      subject: references[0],
      time: '2026-11-24T09:30:00.000Z',
      datacontenttype: 'application/json',
      sequence: expect.stringMatching(/^\d{19}$/) as string,
      data: { referenceId: references[0], place: 0 },
    });
    expect(await readEvents(service, { after: second.nextCursor })).toMatchObject({
      items: [],
      hasMore: false,
    });
  });

  it('filters by type and by end user', async () => {
    const after = await latest();
    const [mine, other] = [newReference(), newReference()];
    await append(newEvent(mine), { ...newEvent(mine), type: 'endpoint.disabled' }, newEvent(other));
    await sequenceEvents(service);
    const typesOf = async (query: Record<string, string>): Promise<string[]> =>
      (await readEvents(service, { after, ...query })).items.map(({ type }) => type);
    expect(await typesOf({ referenceId: mine })).toEqual(['end_user.erased', 'endpoint.disabled']);
    expect(await typesOf({ referenceId: mine, types: 'endpoint.*,connection.moved' })).toEqual([
      'endpoint.disabled',
    ]);
    expect(await typesOf({ types: 'connection.*' })).toEqual([]);
  });

  it('never skips an event whose transaction committed late', async () => {
    const after = await latest();
    const [slow, fast] = [newReference(), newReference()];
    let commit = (): void => undefined;
    const mayCommit = new Promise<void>((resolve) => (commit = resolve));
    let hasAppended = (): void => undefined;
    const appended = new Promise<void>((resolve) => (hasAppended = resolve));
    const late = inTheService(async (manager) => {
      await log.append(manager, [newEvent(slow)]);
      hasAppended();
      await mayCommit;
    });
    await appended;
    await append(newEvent(fast));
    await sequenceEvents(service);
    const seen = await readEvents(service, { after });
    expect(seen.items.map(({ subject }) => subject)).toEqual([fast]);

    commit();
    await late;
    await sequenceEvents(service);
    const rest = await readEvents(service, { after: seen.nextCursor });
    expect(rest.items.map(({ subject }) => subject)).toEqual([slow]);
  });

  it('gives each event once, and those of an end user in order, while writers commit with pauses', async () => {
    const start = await latest();
    const random = new SeededRandom(4711);
    const WRITERS = 6;
    const EACH = 25;
    const references = Array.from({ length: WRITERS }, newReference);
    const pauses = references.map(() => Array.from({ length: EACH }, () => random.below(12)));
    let writing = WRITERS;
    const writers = references.map(async (reference, writer) => {
      for (let place = 0; place < EACH; place += 1)
        await inTheService(async (manager) => {
          await log.append(manager, [newEvent(reference, place)]);
          await sleep(pauses[writer]?.[place] ?? 0);
        });
      writing -= 1;
    });
    const sequencing = Promise.all(
      // Two sequencers, as in two processes.
      [1, 2].map(async () => {
        while (writing > 0) await sequenceEvents(service);
      }),
    );
    const read: string[] = [];
    for (let after = start; ;) {
      const isLast = writing === 0;
      if (isLast) await sequenceEvents(service);
      const page = await readEvents(service, { after, limit: '7' });
      read.push(...page.items.map(({ subject, data }) => `${subject} ${String(data.place)}`));
      after = page.nextCursor;
      if (isLast && !page.hasMore) break;
    }
    await Promise.all([...writers, sequencing]);
    for (const reference of references)
      expect(read.filter((line) => line.startsWith(reference))).toEqual(
        Array.from({ length: EACH }, (_, place) => `${reference} ${place}`),
      );
    expect(read).toHaveLength(WRITERS * EACH);
  });

  it('answers a waiting caller when an event comes, and otherwise after the wait', async () => {
    const after = await latest();
    expect(await readEvents(service, { after, wait: '1' })).toEqual({
      items: [],
      nextCursor: after,
      hasMore: false,
    });
    const reference = newReference();
    const waiting = readEvents(service, { after, referenceId: reference, wait: '30' });
    await append(newEvent(newReference()));
    await sequenceEvents(service);
    await append(newEvent(reference));
    await sequenceEvents(service);
    expect((await waiting).items.map(({ subject }) => subject)).toEqual([reference]);
  });

  it.each(['', 'e1-', 'e1--1', 'e2-1', 'latest ', '1', 'e1-zzzzzzzzzzz', 'x'.repeat(4_000)])(
    'rejects the forged cursor %j',
    async (after) => {
      const answer = await service.api('GET', `/v1/events?after=${encodeURIComponent(after)}`);
      expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: 'after' }] } });
    },
  );

  it.each([
    'types=connection.gone',
    'types=connection.*,,',
    'limit=0',
    'limit=501',
    'wait=31',
    'wait=-1',
    'wait=1.5',
    'after=latest&after=latest',
    'unknown=1',
  ])('rejects the query %s', async (query) => {
    expect((await service.api('GET', `/v1/events?${query}`)).status).toBe(422);
  });

  it('answers 410 to a cursor of events that are gone, and to one from before a restore', async () => {
    const before = await latest();
    await append(newEvent(newReference()));
    await sequenceEvents(service);
    const beyond = await latest();
    expect((await service.api('GET', `/v1/events?after=e1-zzzzz`)).body).toMatchObject({
      status: 410,
      code: 'events.cursor_expired',
    });

    // The day of the events is over: its partition is dropped.
    const [{ day } = { day: '' }] = await service.query<{ day: string }>(
      `SELECT (day + 1)::text AS day FROM terra_connect.event_partitions() p JOIN pg_class c ON c.relname = p.name
        WHERE parent = 'outgoing_events' AND day = (now() AT TIME ZONE 'UTC')::date`,
    );
    for (let dropped = 1; dropped > 0;)
      [{ dropped } = { dropped: 0 }] = await service.query<{ dropped: number }>(
        `SELECT terra_connect.drop_event_partition($1::date) AS dropped`,
        [day],
      );
    expect((await service.api('GET', `/v1/events?after=${before}`)).status).toBe(410);
    expect(await readEvents(service, { after: beyond })).toMatchObject({ items: [] });
    expect(await readEvents(service)).toMatchObject({ items: [], nextCursor: beyond });
    // Events of today have a place again when the partitions are made anew.
    await append(newEvent(newReference()));
    await service.query(`SELECT terra_connect.create_event_partitions((now() AT TIME ZONE 'UTC')::date)`);
    await sequenceEvents(service);
    expect((await readEvents(service, { after: beyond })).items).toHaveLength(1);
  });

  it('needs the scope events:read', async () => {
    const { body } = await service.api<{ key?: string }>('GET', '/v1/events', { key: null });
    expect(body).toMatchObject({ status: 401 });
  });
});
