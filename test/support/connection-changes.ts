import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type EntityManager } from 'typeorm';
import { ConnectionLifecycleService, type NewFact } from '../../src/connections';
import { inTransaction } from '../../src/database';
import type { TestApp } from './app';
import { auth } from './connection-scenarios';
import { connectionsOf, newReference, type ConnectionAnswer } from './flow';

export interface Changed extends ConnectionAnswer {
  updatedAt: string;
}
export interface ChangePage {
  items: Changed[];
  nextCursor: string | null;
  updatedUntil: string | null;
}

/** Records facts, and reads the connections that they change. */
export class ConnectionChanges {
  readonly lifecycle: ConnectionLifecycleService;

  constructor(private readonly service: TestApp) {
    this.lifecycle = service.app.get(ConnectionLifecycleService, { strict: false });
  }

  inOne<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return inTransaction(this.service.app.get(DataSource), work);
  }

  async record(...facts: NewFact[]): Promise<void> {
    await this.inOne((manager) => this.lifecycle.record(manager, facts));
  }

  /** Records facts in a transaction that stays open. @returns what commits it */
  async recordWithoutCommit(...facts: NewFact[]): Promise<() => Promise<void>> {
    let commit = (): void => undefined;
    const mayCommit = new Promise<void>((resolve) => (commit = resolve));
    let done: Promise<void> = Promise.resolve();
    await new Promise<void>((resolve, reject) => {
      done = this.inOne(async (manager) => {
        await this.lifecycle.record(manager, facts);
        resolve();
        await mayCommit;
      });
      done.catch(reject);
    });
    return () => {
      commit();
      return done;
    };
  }

  async succeed(old: Changed, next: Changed): Promise<void> {
    // A time that has passed: the change itself is new.
    const succession = { oldId: old.id, newId: next.id, at: new Date('2026-01-01') };
    await this.inOne((manager) => this.lifecycle.succeed(manager, [succession]));
  }

  async connect(referenceId = newReference(), more: Partial<NewFact> = {}): Promise<Changed> {
    const terraUserId = newReference();
    await this.record(auth(terraUserId, 1, { referenceId, ...more }));
    const connections = (await connectionsOf(this.service, referenceId)) as Changed[];
    return connections.find((one) => one.terraUserId === terraUserId) as Changed;
  }

  async read(query: Record<string, string>): Promise<ChangePage> {
    const path = `/v1/connections?${new URLSearchParams(query).toString()}`;
    const answer = await this.service.api<ChangePage>('GET', path);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  }

  async readAll(query: Record<string, string>): Promise<{ items: Changed[]; until: string }> {
    const items: Changed[] = [];
    for (let cursor: string | null = null; ;) {
      const page = await this.read({ ...query, ...(cursor === null ? {} : { cursor }) });
      items.push(...page.items);
      if (page.nextCursor === null) return { items, until: page.updatedUntil as string };
      if (page.updatedUntil !== null) throw new Error('Only the last page says where to continue.');
      cursor = page.nextCursor;
    }
  }

  /** Waits until everything that has happened so far is complete. @returns the time to continue from */
  async settled(): Promise<string> {
    const [{ now } = { now: new Date() }] = await this.service.query<{ now: Date }>(
      `SELECT clock_timestamp() + interval '2 milliseconds' AS now`,
    );
    for (;;) {
      const { until } = await this.readAll({ updatedSince: '2100-01-01' });
      if (new Date(until) >= now) return until;
      await sleep(20);
    }
  }

  /** The ids of the connections that changed, in the order of the changes. */
  async since(updatedSince: string, filter: Record<string, string> = {}): Promise<string[]> {
    await this.settled();
    return (await this.readAll({ updatedSince, ...filter })).items.map(({ id }) => id);
  }
}
