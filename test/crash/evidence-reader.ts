import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { STAGE_API_KEY } from '../stage/service-process';
import type { ConnectionState } from './expectation';
import type { Evidence } from './check';

const POLL_MS = 200;
const READERS = 8;
// No sequence has as many facts.
const HISTORY_LIMIT = 100;

interface HistoryLine {
  cause: string;
  terraUserId: string;
}

type ConnectionRow = Omit<ConnectionState, 'history'> & { id: string };

/** Reads the evidence: tables directly from the database, and histories of connections through the API. */
export class EvidenceReader {
  constructor(
    private readonly databaseUrl: string,
    private readonly serviceUrl: string,
  ) {}

  /**
   * Resolves when no event is pending or parked. Every Terra user of the sequences gets an owner, so no event stays parked.
   *
   * @returns false when the signal aborts first
   */
  async waitUntilProcessed(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      const [row] = await this.query<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM terra_connect.webhook_events WHERE status IN ('pending', 'parked')`,
      );
      if (row?.waiting === 0) return true;
      await sleep(POLL_MS);
    }
    return false;
  }

  async read(): Promise<Omit<Evidence, 'acknowledged'>> {
    const rows = await this.query<ConnectionRow>(
      `SELECT id, reference_id AS "referenceId", provider, terra_user_id AS "terraUserId", status,
          status_reason AS "statusReason",
          ARRAY(SELECT scope FROM unnest(scopes) AS scope ORDER BY scope) AS scopes,
          ARRAY(SELECT i.terra_user_id FROM terra_connect.connection_identities i
            WHERE i.connection_id = c.id ORDER BY 1) AS "terraUserIds"
        FROM terra_connect.connections c WHERE merged_into IS NULL`,
    );
    const connections: ConnectionState[] = [];
    const left = rows.values();
    const readHistories = async (): Promise<void> => {
      for (const { id, ...row } of left) connections.push({ ...row, history: await this.historyOf(id) });
    };
    await Promise.all(Array.from({ length: READERS }, readHistories));
    return {
      stored: await this.query(`SELECT trace_id AS "traceId", status FROM terra_connect.webhook_events`),
      connections,
    };
  }

  private async historyOf(id: string): Promise<string[]> {
    const answer = await fetch(`${this.serviceUrl}/v1/connections/${id}/history?limit=${HISTORY_LIMIT}`, {
      headers: { authorization: `Bearer ${STAGE_API_KEY}` },
    });
    if (!answer.ok) throw new Error(`The service answered ${answer.status} for the history of ${id}.`);
    const { items } = (await answer.json()) as { items: HistoryLine[] };
    return items.map(({ cause, terraUserId }) => `${cause} ${terraUserId}`).reverse();
  }

  private async query<Row>(text: string): Promise<Row[]> {
    const client = new Client({ connectionString: this.databaseUrl });
    await client.connect();
    try {
      return (await client.query(text)).rows as Row[];
    } finally {
      await client.end();
    }
  }
}
