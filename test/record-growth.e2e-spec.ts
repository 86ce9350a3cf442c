import { DataSource, type EntityManager } from 'typeorm';
import { ConnectionLifecycleService, type NewFact } from '../src/connections';
import { inTransaction } from '../src/database';
import { startTestApp, type TestApp } from './support/app';
import { auth, deauth, error, permissions, recovered } from './support/connection-scenarios';

const EVENTS = 2_000;
const AT_ONCE = 100;
// The service marks facts that it need not read any more when it has read some dozens of them.
const ROWS = 64;

describe('One more event costs as much after thousands of events as after a few', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  /** Records the facts. @returns how many rows the statements read and wrote */
  const rowsFor = (facts: NewFact[]): Promise<number> =>
    inTransaction(service.app.get(DataSource), async (manager: EntityManager) => {
      const client = (await manager.queryRunner?.connect()) as {
        query: (...given: unknown[]) => Promise<{ rowCount: number | null }>;
      };
      const query = jest.spyOn(client, 'query');
      await service.app.get(ConnectionLifecycleService, { strict: false }).record(manager, facts);
      const results = await Promise.all(
        query.mock.results.map(({ value }) => value as Promise<{ rowCount: number | null }>),
      );
      query.mockRestore();
      return results.reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0);
    });

  const kinds: readonly ((user: string, minute: number) => NewFact)[] = [
    (user, minute) => auth(user, minute, { referenceId: user }),
    error,
    recovered,
    (user, minute) => permissions(user, minute, { scopesAdded: ['a'] }),
    (user, minute) => permissions(user, minute, { scopesRemoved: ['a'] }),
    deauth,
  ];

  it.each<[string, (user: string, minute: number) => NewFact]>([
    ['of every kind', (user, minute) => (kinds[minute % kinds.length] ?? error)(user, minute)],
    [
      'that name another list of scopes',
      (user, minute) => permissions(user, minute, { scopes: [`${minute}`] }),
    ],
    ['that add another scope', (user, minute) => permissions(user, minute, { scopesAdded: [`${minute}`] })],
  ])(
    'of one Terra user: events %s',
    async (what, fact) => {
      const facts = Array.from({ length: EVENTS + 10 }, (_, minute) => fact(what, minute));
      await rowsFor([auth(what, 0, { referenceId: what })]);
      for (let start = 0; start < EVENTS; start += AT_ONCE)
        await rowsFor(facts.slice(start, start + AT_ONCE));
      for (const one of facts.slice(EVENTS)) expect(await rowsFor([one])).toBeLessThan(ROWS);
      const [stored] = await service.query<{ count: number }>(
        `SELECT count(*)::int FROM terra_connect.connection_facts WHERE terra_user_id = $1`,
        [what],
      );
      // The history keeps every fact.
      expect(stored?.count).toBeGreaterThan(EVENTS);
    },
    120_000,
  );

  it('of an end user with 500 connections', async () => {
    const users = Array.from({ length: 500 }, (_, index) => `account ${index}`);
    const link = (user: string): NewFact => auth(user, 1);
    const [first = '', ...others] = users;
    const ofFirst = await rowsFor([link(first)]);
    for (let start = 0; start < others.length; start += AT_ONCE)
      await rowsFor(others.slice(start, start + AT_ONCE).map(link));
    expect(await rowsFor([link('one more')])).toBeLessThanOrEqual(2 * ofFirst);
    expect(await rowsFor([error('account 7', 2)])).toBeLessThanOrEqual(2 * ofFirst);
    expect(await rowsFor([deauth('account 7', 3)])).toBeLessThanOrEqual(2 * ofFirst);
  }, 120_000);

  it('keeps every scope that thousands of events add', async () => {
    const user = 'one with many scopes';
    const changes = Array.from({ length: 300 }, (_, minute) =>
      permissions(user, minute, { scopesAdded: [`scope ${minute}`] }),
    );
    await rowsFor([auth(user, 0, { referenceId: user, scopes: ['first'] })]);
    for (let start = 0; start < changes.length; start += 30) await rowsFor(changes.slice(start, start + 30));
    await rowsFor([permissions(user, 400, { scopesRemoved: ['scope 3'] })]);
    const [connection] = await service.query<{ scopes: string[] }>(
      `SELECT scopes FROM terra_connect.connections WHERE reference_id = $1`,
      [user],
    );
    expect(connection?.scopes).toEqual([
      'first',
      ...changes.flatMap(({ scopesAdded = [] }) => scopesAdded).filter((scope) => scope !== 'scope 3'),
    ]);
  });
});
