import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { ConnectionState } from './expectation';
import type { Evidence } from './verdict';

const POLL_MS = 200;

/** Looks into the service's database, past the service. */
export class Inbox {
  constructor(private readonly databaseUrl: string) {}

  /** Resolves when no event waits to be worked off any more; false when the time is over. */
  async isWorkedOff(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      const [row] = await this.query<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM terra_connect.webhook_events WHERE status = 'pending'`,
      );
      if (row?.waiting === 0) return true;
      await sleep(POLL_MS);
    }
    return false;
  }

  async evidence(): Promise<Omit<Evidence, 'acknowledged'>> {
    return {
      stored: await this.query(`SELECT trace_id AS "traceId", status FROM terra_connect.webhook_events`),
      connections: await this.query<ConnectionState>(
        `SELECT reference_id AS "referenceId", provider, terra_user_id AS "terraUserId", status,
            status_reason AS "statusReason",
            ARRAY(SELECT scope FROM unnest(scopes) AS scope ORDER BY scope) AS scopes,
            ARRAY(SELECT i.terra_user_id FROM terra_connect.connection_identities i
              WHERE i.connection_id = c.id ORDER BY 1) AS "terraUserIds"
          FROM terra_connect.connections c WHERE merged_into IS NULL`,
      ),
    };
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
