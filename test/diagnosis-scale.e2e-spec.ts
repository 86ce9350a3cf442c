import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { ConnectionLifecycleService, type NewFact } from '../src/connections';
import { inTransaction } from '../src/database';
import { startTestApp, type TestApp } from './support/app';
import { newReference } from './support/flow';

const FEW = 3;
const MANY = 300;

describe('The diagnosis of an end user with many connections', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  /** Connects accounts that Terra does not know, so that the diagnosis asks Terra about each by its id. */
  const connect = async (accounts: number): Promise<string> => {
    const referenceId = newReference();
    const occurredAt = new Date();
    const link = { kind: 'linked', cause: 'found', source: 'sweep', provider: 'GARMIN' } as const;
    const facts = Array.from({ length: accounts }, (): NewFact => ({
      ...link,
      terraUserId: randomUUID(),
      occurredAt,
      referenceId,
    }));
    const lifecycle = service.app.get(ConnectionLifecycleService, { strict: false });
    await inTransaction(service.app.get(DataSource), (manager) => lifecycle.record(manager, facts));
    return referenceId;
  };
  const costOf = async (
    referenceId: string,
  ): Promise<{ statements: number; calls: number; lines: number }> => {
    const query = jest.spyOn(Client.prototype, 'query');
    const before = service.sandbox.requests.length;
    const path = `/v1/end-users/${encodeURIComponent(referenceId)}/diagnosis`;
    const { body } = await service.api<{ connections: { history: unknown[] }[] }>('GET', path);
    const statements = query.mock.calls.length;
    query.mockRestore();
    const lines = body.connections.filter(({ history }) => history.length === 1).length;
    return { statements, calls: service.sandbox.requests.length - before, lines };
  };

  it('takes the same number of statements as that of one with few, and asks Terra a bounded number of times', async () => {
    // The first request with an API key records its use.
    await costOf(newReference());
    const few = await costOf(await connect(FEW));
    const many = await costOf(await connect(MANY));
    expect({ few: few.lines, many: many.lines }).toEqual({ few: FEW, many: MANY });
    expect(few.statements).toBeGreaterThan(0);
    expect(many.statements).toBe(few.statements);
    expect(many.calls).toBeLessThanOrEqual(22);
  });
});
