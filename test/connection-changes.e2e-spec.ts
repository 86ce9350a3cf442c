import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { ConnectionAnnouncer } from '../src/connect-sessions';
import { ReceivedDataService, type NewFact } from '../src/connections';
import { ConnectionErasureRepository } from '../src/connections/erasure/connection-erasure.repository';
import { startTestApp, type TestApp } from './support/app';
import { ConnectionChanges, type Changed } from './support/connection-changes';
import { auth, deauth, fact } from './support/connection-scenarios';
import { connectionsOf, newReference } from './support/flow';
import { SeededRandom } from './support/seeded-random';

describe('GET /v1/connections?updatedSince=', () => {
  let service: TestApp;
  let changes: ConnectionChanges;
  beforeAll(async () => {
    service = await startTestApp();
    changes = new ConnectionChanges(service);
  });
  afterAll(() => service.close());

  it('never skips a connection whose transaction committed late', async () => {
    const start = await changes.settled();
    const [slow, fast] = [newReference(), newReference()];
    const commit = await changes.recordWithoutCommit(auth(newReference(), 1, { referenceId: slow }));
    // The pages end before the second in which the late transaction began.
    await sleep(1_100);
    await changes.connect(fast);
    const seen = await changes.readAll({ updatedSince: start });
    await commit();
    const [connection] = (await connectionsOf(service, slow)) as Changed[];
    expect(seen.items).toEqual([]);
    expect(Date.parse(seen.until)).toBeLessThan(Date.parse(connection?.updatedAt as string));

    await changes.settled();
    const rest = await changes.readAll({ updatedSince: seen.until });
    expect(rest.items.map(({ referenceId }) => referenceId)).toEqual([slow, fast]);
  });

  it('shows every change to a caller that goes on from page to page while writers commit with pauses', async () => {
    let since = await changes.settled();
    const random = new SeededRandom(4711);
    const WRITERS = 5;
    const EACH = 8;
    let writing = WRITERS;
    const references = Array.from({ length: WRITERS }, newReference);
    const pauses = references.map(() => Array.from({ length: EACH }, () => random.below(40)));
    const writers = references.map(async (referenceId, writer) => {
      for (let change = 0; change < EACH; change += 1)
        await changes.inOne(async (manager) => {
          const [own, shared] = [`${referenceId} ${change % 2}`, `shared ${change}`];
          await sleep((pauses[writer]?.[change] ?? 0) / 2);
          await changes.lifecycle.record(manager, [
            auth(own, change, { referenceId, scopes: [String(change)] }),
            auth(shared, writer, { referenceId: shared, scopes: [referenceId] }),
          ]);
          await sleep(pauses[writer]?.[change] ?? 0);
        });
      writing -= 1;
    });
    const seen = new Map<string, Changed>();
    for (let isLast = false; ;) {
      const page = await changes.readAll({ updatedSince: since, limit: '3' });
      for (const item of page.items) seen.set(item.id, item);
      since = page.until;
      if (isLast) break;
      isLast = writing === 0;
      if (isLast) await changes.settled();
    }
    await Promise.all(writers);
    const present = await service.query<{ id: string; scopes: string[]; updatedAt: Date }>(
      `SELECT id, scopes, updated_at AS "updatedAt" FROM terra_connect.connections
        WHERE merged_into IS NULL AND provisional_check_at IS NULL AND (reference_id = ANY($1) OR reference_id LIKE 'shared %')`,
      [references],
    );
    expect(present.length).toBeGreaterThanOrEqual(WRITERS + EACH);
    for (const { id, scopes, updatedAt } of present)
      expect(seen.get(id)).toMatchObject({ scopes, updatedAt: updatedAt.toISOString() });
  });

  it('is not held up by a transaction that only reads, such as a dump', async () => {
    const dump = new Client({ connectionString: service.databaseUrl });
    await dump.connect();
    await dump.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM terra_connect.connections');
    try {
      const start = await changes.settled();
      const { id } = await changes.connect();
      expect(await changes.since(start)).toEqual([id]);
    } finally {
      await dump.end();
    }
  });

  describe('lists a connection again after a change of', () => {
    it.each<[string, (connection: Changed) => NewFact[]]>([
      ['its status', ({ terraUserId }) => [deauth(terraUserId, 2)]],
      [
        'its scopes',
        ({ terraUserId, referenceId }) => [auth(terraUserId, 2, { referenceId, scopes: ['c'] })],
      ],
      [
        'its Terra user',
        ({ terraUserId: oldTerraUserId, referenceId }) => [
          fact(newReference(), 2, ['swapped', 'user_reauth', 'webhook'], {
            referenceId,
            provider: 'GARMIN',
            oldTerraUserId,
          }),
        ],
      ],
    ])('%s', async (_what, changesOf) => {
      const connection = await changes.connect();
      const since = await changes.settled();
      await changes.record(...changesOf(connection));
      expect(await changes.since(since)).toEqual([connection.id]);
    });

    it('its predecessor and its successor', async () => {
      const referenceId = newReference();
      const [old, next] = [
        await changes.connect(referenceId),
        await changes.connect(referenceId, { provider: 'OURA' }),
      ];
      const since = await changes.settled();
      await changes.succeed(old, next);
      expect((await changes.since(since)).sort()).toEqual([old.id, next.id].sort());
    });

    it('its links, when the connection that it succeeds is merged', async () => {
      const referenceId = newReference();
      // Terra's list names both, so that neither is provisional.
      const listed = { cause: 'found', source: 'sweep' } as const;
      const [first, second] = [
        await changes.connect(referenceId, listed),
        await changes.connect(referenceId, listed),
      ];
      const next = await changes.connect(referenceId, { provider: 'OURA' });
      await changes.succeed(second, next);
      const since = await changes.settled();
      const { terraUserId } = second;
      await changes.record(
        fact(terraUserId, 3, ['swapped', 'user_reauth', 'webhook'], {
          referenceId,
          provider: 'GARMIN',
          oldTerraUserId: first.terraUserId,
        }),
      );
      expect((await changes.since(since)).sort()).toEqual([first.id, next.id].sort());
    });

    it('its visibility, although it was computed before', async () => {
      const referenceId = newReference();
      await changes.connect(referenceId);
      await changes.record(auth(newReference(), 5, { referenceId }));
      const since = await changes.settled();
      await service.query(
        `UPDATE terra_connect.connections SET created_at = created_at - interval '1 minute', provisional_check_at = now()
          WHERE provisional_check_at IS NOT NULL`,
      );
      await service.app.get(ConnectionAnnouncer, { strict: false }).runOnce();
      const [hidden] = await connectionsOf(service, referenceId);
      expect(await changes.since(since, { referenceId })).toEqual([hidden?.id]);
    });

    it('its Terra user to a pseudonym, when another end user is erased', async () => {
      const connection = await changes.connect();
      const since = await changes.settled();
      const subject = { referenceId: newReference(), terraUserIds: [connection.terraUserId] };
      const repository = service.app.get(ConnectionErasureRepository, { strict: false });
      await changes.inOne(async (manager) => {
        await changes.lifecycle.lock(manager, subject.terraUserIds);
        await repository.deleteProjection(manager, subject);
      });
      expect(await changes.since(since)).toEqual([connection.id]);
    });
  });

  it('does not list a connection because data arrived', async () => {
    const { terraUserId } = await changes.connect();
    const since = await changes.settled();
    const received = service.app.get(ReceivedDataService, { strict: false });
    await changes.inOne((manager) => received.touch(manager, [{ terraUserId, at: new Date() }]));
    expect(await changes.since(since)).toEqual([]);
  });

  it('gives connections in the order of their changes, page by page, with equal times and other filters', async () => {
    const since = await changes.settled();
    const referenceId = newReference();
    const ids: string[] = [];
    for (const provider of ['A', 'B', 'C', 'D', 'E'])
      ids.push((await changes.connect(referenceId, { provider })).id);
    const other = await changes.connect();
    // Microseconds, as Postgres itself would store them, and equal times.
    await service.query(
      `UPDATE terra_connect.connections SET updated_at = date_trunc('second', updated_at) + interval '123456 microseconds'
        WHERE reference_id = $1`,
      [referenceId],
    );
    await changes.record(deauth((await connectionsOf(service, referenceId))[4]?.terraUserId as string, 2));
    await changes.settled();
    const query = { updatedSince: new Date(Date.parse(since) - 1_000).toISOString(), referenceId };
    const paged = await changes.readAll({ ...query, limit: '2' });
    expect(paged.items.map(({ id }) => id)).toEqual([...ids.slice(1), ids[0]]);
    expect(paged.items.at(-1)).toMatchObject({ provider: 'A', status: 'disconnected' });
    const idsFor = async (more: Record<string, string>): Promise<string[]> =>
      (await changes.readAll({ ...query, ...more })).items.map(({ id }) => id);
    expect(await idsFor({ status: 'disconnected' })).toEqual([ids[0]]);
    expect(await idsFor({ provider: 'c' })).toEqual([ids[2]]);
    expect(await idsFor({ provider: 'c', referenceId: other.referenceId })).toEqual([]);
    expect(await idsFor({ updatedSince: await changes.settled() })).toEqual([]);
  });

  it('answers without updatedSince as before, newest first, and without a time to continue from', async () => {
    const referenceId = newReference();
    const ids = [
      await changes.connect(referenceId, { provider: 'A' }),
      await changes.connect(referenceId, { provider: 'B' }),
    ];
    const page = await changes.read({ referenceId });
    expect(page).toMatchObject({ nextCursor: null, updatedUntil: null });
    expect(page.items.map(({ id }) => id)).toEqual(ids.map(({ id }) => id).reverse());
  });

  it('rejects a cursor of the other order', async () => {
    const path = '/v1/connections?updatedSince=2026-11-24&cursor=AZgMDnsafD6dVQ8rbxyaEA';
    expect(await service.api('GET', path)).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'cursor' }] },
    });
    const cursor = 'c1-1-01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10';
    expect((await service.api('GET', `/v1/connections?cursor=${cursor}`)).status).toBe(422);
  });

  it.each([
    '',
    'yesterday',
    '2026-02-30',
    '2026-11-24T09:30:00',
    '1764000000',
    '2026-11-24&updatedSince=2026-11-24',
  ])('rejects the time %j', async (time) => {
    expect(await service.api('GET', `/v1/connections?updatedSince=${time}`)).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'updatedSince' }] },
    });
  });

  it.each(['0000-01-01', '1969-12-31', '9999-12-31T23:59:59Z'])('accepts the far time %s', async (time) => {
    expect((await changes.read({ updatedSince: time, limit: '1' })).items.length).toBeLessThanOrEqual(1);
  });
});
