import type { DataSource, EntityManager } from 'typeorm';
import type { NewFact } from '../../src/connections/projection/connection-fact';
import type { ConnectionLifecycleService } from '../../src/connections';
import { inTransaction } from '../../src/database';
import type { Scenario } from '../support/connection-scenarios';

export interface PermutationReport {
  orders: number;
  /** The number of facts that were recorded a second time. */
  duplicates: number;
  /** The state after the facts in the scenario's own order. */
  inOrder: string;
  /** Orders that led to another state, as indexes of the scenario's facts. The run stops after DIFFERENT_KEPT of them. */
  different: { order: number[]; state: string }[];
}

const DIFFERENT_KEPT = 3;

// Thousands of orders share one transaction.
const DEADLINE_MS = 20 * 60_000;

class RolledBack extends Error {}

/** Records the facts of a scenario in many orders on Postgres, and compares the resulting connections. */
export class PermutationSuite {
  constructor(
    private readonly dataSource: DataSource,
    private readonly lifecycle: ConnectionLifecycleService,
  ) {}

  /** Tries every order. Orders with the same first facts record these facts together, up to a savepoint. */
  every({ facts }: Scenario): Promise<PermutationReport> {
    return this.inScratch(async (manager, report) => {
      await this.explore(manager, facts, [], report);
    }, facts);
  }

  /** Tries the given orders. After each order, records all facts a second time. */
  some({ facts }: Scenario, orders: number[][]): Promise<PermutationReport> {
    return this.inScratch(async (manager, report) => {
      for (const order of orders) {
        if (report.different.length === DIFFERENT_KEPT) break;
        await this.within(manager, async () => {
          for (const index of order) await this.record(manager, facts, index);
          await this.repeat(manager, facts, order, report);
          await this.compare(manager, order, report);
        });
      }
    }, facts);
  }

  private async explore(
    manager: EntityManager,
    facts: NewFact[],
    recorded: number[],
    report: PermutationReport,
  ): Promise<void> {
    if (recorded.length === facts.length) return this.compare(manager, recorded, report);
    for (let index = 0; index < facts.length; index += 1) {
      if (recorded.includes(index) || report.different.length === DIFFERENT_KEPT) continue;
      await this.within(manager, async () => {
        const order = [...recorded, index];
        await this.record(manager, facts, index);
        // Repeats a different fact at each step, so that all orders together repeat each fact after each other fact.
        await this.repeat(manager, facts, [order[index % order.length] ?? index], report);
        await this.explore(manager, facts, order, report);
      });
    }
  }

  private async record(manager: EntityManager, facts: NewFact[], index: number): Promise<void> {
    await this.lifecycle.record(manager, [facts[index] as NewFact]);
  }

  private async repeat(
    manager: EntityManager,
    facts: NewFact[],
    order: number[],
    report: PermutationReport,
  ): Promise<void> {
    for (const index of order) await this.record(manager, facts, index);
    report.duplicates += order.length;
  }

  private async compare(manager: EntityManager, order: number[], report: PermutationReport): Promise<void> {
    report.orders += 1;
    const state = await readState(manager);
    if (state === report.inOrder) return;
    report.different.push({ order: [...order], state });
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
      const allOrders = async (manager: EntityManager): Promise<never> => {
        await this.within(manager, async () => {
          for (const index of facts.keys()) await this.record(manager, facts, index);
          report.inOrder = await readState(manager);
        });
        await work(manager, report);
        throw new RolledBack();
      };
      await inTransaction(this.dataSource, allOrders, DEADLINE_MS);
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
    }
    return report;
  }
}

/** Connections as text, with times in seconds. Leaves out our ids, because they depend on the order of arrival. */
async function readState(manager: EntityManager): Promise<string> {
  const [row] = await manager.query<{ state: string }[]>(`
    SELECT coalesce(string_agg(state, E'\\n' ORDER BY state), 'none') AS state FROM (
      SELECT concat_ws(' ', c.terra_user_id, c.status, c.status_reason, c.reference_id, c.provider,
        'at ' || extract(epoch FROM c.status_at)::int, 'since ' || extract(epoch FROM c.connected_at)::int,
        'until ' || extract(epoch FROM c.disconnected_at)::int,
        'may ' || (SELECT string_agg(scope, ',' ORDER BY scope) FROM unnest(c.scopes) AS scope),
        (SELECT string_agg(concat_ws('/', i.terra_user_id, 'linked ' || extract(epoch FROM i.linked_at)::int,
            'then ' || i.superseded_by, 'ended ' || extract(epoch FROM i.ended_at)::int, i.ended_cause),
            '; ' ORDER BY i.terra_user_id)
          FROM terra_connect.connection_identities i WHERE i.connection_id = c.id)) AS state
      FROM terra_connect.connections c WHERE c.merged_into IS NULL
        -- Leaves out connections without Terra users: an earlier fact has refuted the claim that made the connection.
        -- Its row stays as moved, because callers can know its id.
        AND EXISTS (SELECT 1 FROM terra_connect.connection_identities i WHERE i.connection_id = c.id)
      UNION ALL
      -- A merged id must lead to a connection that is not merged itself.
      SELECT 'merged twice' FROM terra_connect.connections c
        JOIN terra_connect.connections kept ON kept.id = c.merged_into WHERE kept.merged_into IS NOT NULL
      UNION ALL
      ${EVENTS_THAT_ARE_WRONG}
    ) AS states`);
  return row?.state ?? '';
}

/**
 * The events of a connection are a chain: each tells a change, begins where the one before ended, and the last one has the
 * present state. After `connection.merged`, callers do not see the connection, so it begins anew if a later fact separates it
 * again. These columns change without an event.
 */
const WITHOUT_EVENT = `'{connectedAt,disconnectedAt,updatedAt,lastDataAt,succeeds,succeededBy}'::text[]`;
const EVENTS_THAT_ARE_WRONG = `
  SELECT concat_ws(' ', 'wrong event', e.type, 'of', c.terra_user_id)
    FROM terra_connect.connections c
    LEFT JOIN LATERAL (
      SELECT type, data::jsonb->'connection' AS connection, nullif(data::jsonb->'previous', 'null') AS previous,
        lag(CASE WHEN type <> 'connection.merged' THEN data::jsonb->'connection' END) OVER (ORDER BY ordinal) AS before,
        lead(ordinal) OVER (ORDER BY ordinal) IS NULL AS is_last
      FROM terra_connect.outgoing_events WHERE reference_id = c.reference_id AND connection_id = c.id) e ON true
    WHERE CASE
      WHEN e.type IS NULL THEN c.merged_into IS NULL AND c.provisional_check_at IS NULL
      WHEN coalesce(e.previous - ${WITHOUT_EVENT}, 'null')
        IS DISTINCT FROM coalesce(e.before - ${WITHOUT_EVENT}, 'null') THEN true
      WHEN e.type <> 'connection.merged' AND e.connection - ${WITHOUT_EVENT} = e.previous - ${WITHOUT_EVENT} THEN true
      WHEN NOT e.is_last THEN false
      WHEN c.merged_into IS NOT NULL THEN e.type <> 'connection.merged'
      ELSE (c.terra_user_id, c.status, c.status_reason, to_jsonb(c.scopes)) IS DISTINCT FROM
        (e.connection->>'terraUserId', e.connection->>'status', e.connection->>'statusReason', e.connection->'scopes')
    END`;

/** `{ B: 'active', A: 'disconnected deauth' }` of a state. */
export function endsOf(state: string): Record<string, string> {
  const ends = state.split('\n').map((line) => {
    const [terraUserId = '', status = '', reason = ''] = line.split(' ');
    const hasReason = status !== 'active';
    return [terraUserId, hasReason ? `${status} ${reason}` : status] as const;
  });
  return Object.fromEntries(ends);
}
