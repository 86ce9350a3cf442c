import { DataSource, type EntityManager } from 'typeorm';
import { Clock } from '../src/common';
import {
  ConnectionLifecycleService,
  ReceivedDataService,
  type NewFact,
  type RecordedUser,
} from '../src/connections';
import { TombstoneRepository } from '../src/connections/erasure/tombstone.repository';
import { inTransaction } from '../src/database';
import { startTestApp, type TestApp } from './support/app';
import { auth, END_USER, OTHER_END_USER, START, deauth } from './support/connection-scenarios';
import { newReference } from './support/flow';
import { ERASED_END_USER, randomFacts } from './support/random-facts';

const DEADLINE_MS = 5 * 60_000;

class RolledBack extends Error {}

describe('Facts that are recorded in sets', () => {
  let service: TestApp;
  let lifecycle: ConnectionLifecycleService;
  beforeAll(async () => {
    service = await startTestApp();
    lifecycle = service.app.get(ConnectionLifecycleService, { strict: false });
    const now = new Date(START + 24 * 3_600_000);
    jest.spyOn(service.app.get(Clock, { strict: false }), 'now').mockReturnValue(now);
  });
  afterAll(() => service.close());

  /** Runs `work` in a transaction that is rolled back. */
  const inScratch = async <Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> => {
    let result: Result | undefined;
    await inTransaction(
      service.app.get(DataSource),
      async (manager) => {
        result = await work(manager);
        throw new RolledBack();
      },
      DEADLINE_MS,
    ).catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
    return result as Result;
  };

  /** The statements that `work` sends to Postgres. */
  const statementsOf = async (manager: EntityManager, work: () => Promise<unknown>): Promise<string[]> => {
    const client = (await manager.queryRunner?.connect()) as { query: (...given: unknown[]) => unknown };
    const query = jest.spyOn(client, 'query');
    await work();
    const statements = query.mock.calls.map(([statement]) => (statement as { text: string }).text);
    query.mockRestore();
    return statements;
  };

  describe('take the same number of statements', () => {
    const SIZES = [1, 20, 200];

    it.each<[string, number, (index: number) => NewFact[], (index: number) => NewFact]>([
      [
        'auth of new users',
        13,
        () => [],
        (index) => auth(`user ${index}`, 1, { referenceId: `end user ${index}` }),
      ],
      ['auth of new users of one end user', 13, () => [], (index) => auth(`user ${index}`, 1)],
      ['auth of one user', 13, () => [], (index) => auth('user', index)],
      [
        'deauth of known users',
        13,
        (index) => [auth(`user ${index}`, 1, { referenceId: `end user ${index}` })],
        (index) => deauth(`user ${index}`, 2),
      ],
    ])('for %s', async (_what, limit, before, fact) => {
      const counts: number[] = [];
      for (const size of SIZES) {
        const indexes = [...Array(size).keys()];
        const statements = await inScratch(async (manager) => {
          await lifecycle.record(manager, indexes.flatMap(before));
          return statementsOf(manager, () => lifecycle.record(manager, indexes.map(fact)));
        });
        counts.push(statements.length);
      }
      expect(counts).toEqual(SIZES.map(() => counts[0]));
      expect(counts[0]).toBeLessThanOrEqual(limit);
    });

    it('for data touches and accounts', async () => {
      const received = service.app.get(ReceivedDataService, { strict: false });
      const counts: number[] = [];
      for (const size of SIZES) {
        const users = Array.from({ length: size }, (_, index) => `user ${index}`);
        const statements = await inScratch(async (manager) => {
          const links = users.map((user) => auth(user, 1, { referenceId: `end user of ${user}` }));
          await lifecycle.record(manager, links);
          return statementsOf(manager, async () => {
            await received.touch(
              manager,
              users.map((terraUserId) => ({ terraUserId, at: new Date() })),
            );
            const account = { provider: 'GARMIN', accountId: 'an account' };
            await received.storeAccounts(
              manager,
              users.map((terraUserId) => ({ terraUserId, ...account })),
            );
          });
        });
        counts.push(statements.length);
      }
      expect(counts).toEqual([4, 4, 4]);
    });
  });

  describe('lead to the same rows and answers as one at a time', () => {
    const recordIn = async (
      facts: NewFact[],
      size: number,
    ): Promise<{ answers: unknown[]; tables: unknown }> =>
      inScratch(async (manager) => {
        const erasure = { referenceId: ERASED_END_USER, terraUserIds: [] };
        await service.app
          .get(TombstoneRepository, { strict: false })
          .add(manager, erasure, new Date(START + 100 * 60_000));
        const answers: RecordedUser[] = [];
        for (let start = 0; start < facts.length; start += size)
          answers.push(...(await lifecycle.record(manager, facts.slice(start, start + size))));
        return anonymous({ answers, tables: await readTables(manager) });
      });

    it.each([1, 2, 3, 4, 5, 6])(
      'with the facts of seed %i',
      async (seed) => {
        const facts = randomFacts(seed, 210, 4 + 2 * seed);
        const alone = await recordIn(facts, 1);
        expect(alone.answers).toHaveLength(facts.length);
        for (const size of [7, 200]) expect(await recordIn(facts, size)).toEqual(alone);
      },
      120_000,
    );
  });

  const recordScratch = (facts: NewFact[]): Promise<RecordedUser[]> =>
    inScratch((manager) => lifecycle.record(manager, facts));

  it('join a connection once, with the fact that names the owner', async () => {
    const user = newReference();
    const facts = [
      auth(user, 1, { referenceId: null }),
      auth(user, 2, { referenceId: END_USER }),
      auth(user, 3, { referenceId: END_USER }),
    ];
    expect(await recordScratch(facts)).toMatchObject([
      { joined: false, connection: null },
      { joined: true, connection: { referenceId: END_USER } },
      { joined: false, connection: { referenceId: END_USER } },
    ]);
  });

  it('T-16: are claims of another end user only as far as an earlier fact of the set names the owner', async () => {
    const user = newReference();
    const claims = (facts: NewFact[]) =>
      recordScratch(facts).then((recorded) => recorded.map(({ claimedByAnother }) => claimedByAnother));
    const [own, other] = [auth(user, 1), auth(user, 2, { referenceId: OTHER_END_USER })];
    expect(await claims([own, other])).toEqual([false, true]);
    // The later fact occurred earlier, so it decides the owner from then on.
    expect(await claims([other, own, other])).toEqual([false, false, true]);
  });
});

interface Tables {
  connections: unknown;
  identities: unknown;
  facts: unknown;
  deauthentications: unknown;
  tombstones: unknown;
}

async function readTables(manager: EntityManager): Promise<Tables> {
  const read = async (table: string, order: string): Promise<unknown> =>
    // Postgres sets the first two, and the others only avoid reads.
    manager.query(
      `SELECT to_jsonb(one) - '{created_at,updated_at,decides,scope_digest}'::text[] AS row FROM terra_connect.${table} AS one ORDER BY ${order}`,
    );
  return {
    connections: await read('connections', 'id'),
    identities: await read('connection_identities', 'terra_user_id'),
    facts: await read('connection_facts', 'fact_key'),
    deauthentications: await read('deauthentications', 'id'),
    tombstones: await read('tombstones', 'digest'),
  };
}

/**
 * Replaces our ids, which differ from run to run, with their place in the order in which they appear, and leaves out the times
 * of changes.
 */
function anonymous<Value>(value: Value): Value {
  const places = new Map<string, string>();
  const text = JSON.stringify(value, (key, item: unknown) => (key === 'updatedAt' ? null : item)).replace(
    /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g,
    (id) => places.get(id) ?? (places.set(id, `id ${places.size}`).get(id) as string),
  );
  return JSON.parse(text) as Value;
}
