import type { DataSource, EntityManager } from 'typeorm';
import type { NewFact } from '../../src/connections/projection/connection-fact';
import type { ConnectionLifecycleService } from '../../src/connections';
import { inTransaction } from '../../src/database';
import type { Scenario } from '../support/connection-scenarios';

export interface PermutationReport {
  orders: number;
  /** Pieces of news that were told once more on the way. */
  duplicates: number;
  /** The state after the facts in the order in which they happened. */
  inOrder: string;
  /** The first orders that ended otherwise, as the places of the facts in the scenario. */
  different: { order: number[]; state: string }[];
}

const DIFFERENT_KEPT = 3;

class RolledBack extends Error {}

/** Tells scenarios to the service in other orders than they happened, on Postgres, and reads what it makes of them. */
export class PermutationSuite {
  constructor(
    private readonly dataSource: DataSource,
    private readonly lifecycle: ConnectionLifecycleService,
  ) {}

  /** Every order. Those that begin alike share their beginning: a savepoint is where they part. */
  every({ facts }: Scenario): Promise<PermutationReport> {
    return this.inScratch(async (manager, report) => {
      await this.explore(manager, facts, [], report);
    }, facts);
  }

  /** Random orders, from a seed. */
  some({ facts }: Scenario, count: number, seed: number): Promise<PermutationReport> {
    const random = generator(seed);
    return this.inScratch(async (manager, report) => {
      for (let time = 0; time < count; time += 1) {
        const order = shuffled(facts.length, random);
        await this.within(manager, async () => {
          for (const index of order) await this.tell(manager, facts, index);
          await this.repeat(manager, facts, order, report);
          await this.compare(manager, order, report);
        });
      }
    }, facts);
  }

  private async explore(
    manager: EntityManager,
    facts: NewFact[],
    told: number[],
    report: PermutationReport,
  ): Promise<void> {
    if (told.length === facts.length) return this.compare(manager, told, report);
    for (let index = 0; index < facts.length; index += 1) {
      if (told.includes(index)) continue;
      await this.within(manager, async () => {
        const order = [...told, index];
        await this.tell(manager, facts, index);
        // Told twice: another one each time, so that over the orders each comes again after each other.
        await this.repeat(manager, facts, [order[told.length % order.length] ?? index], report);
        await this.explore(manager, facts, order, report);
      });
    }
  }

  private async tell(manager: EntityManager, facts: NewFact[], index: number): Promise<void> {
    await this.lifecycle.record(manager, [facts[index] as NewFact]);
  }

  private async repeat(
    manager: EntityManager,
    facts: NewFact[],
    order: number[],
    report: PermutationReport,
  ): Promise<void> {
    for (const index of order) await this.tell(manager, facts, index);
    report.duplicates += order.length;
  }

  private async compare(manager: EntityManager, order: number[], report: PermutationReport): Promise<void> {
    report.orders += 1;
    const state = await readState(manager);
    if (state === report.inOrder) return;
    if (report.different.length < DIFFERENT_KEPT) report.different.push({ order: [...order], state });
  }

  private async within(manager: EntityManager, work: () => Promise<void>): Promise<void> {
    await manager.query('SAVEPOINT here');
    await work();
    await manager.query('ROLLBACK TO SAVEPOINT here; RELEASE SAVEPOINT here');
  }

  private async inScratch(
    work: (manager: EntityManager, report: PermutationReport) => Promise<void>,
    facts: NewFact[],
  ): Promise<PermutationReport> {
    const report: PermutationReport = { orders: 0, duplicates: 0, inOrder: '', different: [] };
    try {
      await inTransaction(this.dataSource, async (manager) => {
        await this.within(manager, async () => {
          for (const index of facts.keys()) await this.tell(manager, facts, index);
          report.inOrder = await readState(manager);
        });
        await work(manager, report);
        throw new RolledBack();
      });
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
    }
    return report;
  }
}

/** Connections without our ids, which tell only who came first; times in seconds, people and Terra users as they are. */
async function readState(manager: EntityManager): Promise<string> {
  const [row] = await manager.query<{ state: string }[]>(`
    SELECT coalesce(string_agg(state, E'\\n' ORDER BY state), 'nobody') AS state FROM (
      SELECT concat_ws(' ', c.terra_user_id, c.status, c.status_reason, c.reference_id, c.provider,
        'at ' || extract(epoch FROM c.status_at)::int, 'since ' || extract(epoch FROM c.connected_at)::int,
        'until ' || extract(epoch FROM c.disconnected_at)::int,
        'may ' || (SELECT string_agg(scope, ',' ORDER BY scope) FROM unnest(c.scopes) AS scope),
        (SELECT string_agg(concat_ws('/', i.terra_user_id, 'linked ' || extract(epoch FROM i.linked_at)::int,
            'then ' || i.superseded_by, 'ended ' || extract(epoch FROM i.ended_at)::int, i.ended_cause),
            '; ' ORDER BY i.terra_user_id)
          FROM terra_connect.connection_identities i WHERE i.connection_id = c.id)) AS state
      FROM terra_connect.connections c WHERE c.merged_into IS NULL
        -- One that was made on a claim which earlier news refuted stays, as moved, for those who have seen its id.
        AND EXISTS (SELECT 1 FROM terra_connect.connection_identities i WHERE i.connection_id = c.id)
      UNION ALL
      -- An id that was given out leads to a connection, for ever.
      SELECT 'astray' FROM terra_connect.connections c
        JOIN terra_connect.connections kept ON kept.id = c.merged_into WHERE kept.merged_into IS NOT NULL
    ) AS states`);
  return row?.state ?? '';
}

/** `{ B: 'active', A: 'disconnected deauth' }` of a state. */
export function endsOf(state: string): Record<string, string> {
  const ends = state.split('\n').map((line) => {
    const [terraUserId = '', status = '', reason = ''] = line.split(' ');
    const hasReason = status !== 'active';
    return [terraUserId, hasReason ? `${status} ${reason}` : status] as const;
  });
  return Object.fromEntries(ends);
}

/** Mulberry32: small, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function shuffled(length: number, random: () => number): number[] {
  const order = [...Array(length).keys()];
  for (let last = length - 1; last > 0; last -= 1) {
    const chosen = Math.floor(random() * (last + 1));
    [order[last], order[chosen]] = [order[chosen] as number, order[last] as number];
  }
  return order;
}
