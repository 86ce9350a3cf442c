import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Moves the recognition of repeated deliveries from two unique keys of `webhook_events` to a table of digests.
 *
 * The copy only reads `webhook_events` (R15). The changes of that table come after it and do not read rows, so a delivery
 * waits only for the rest of the transaction. The old columns stay for one release.
 */
export class AddWebhookReceipts1795700500000 implements MigrationInterface {
  name = 'AddWebhookReceipts1795700500000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE terra_connect.webhook_receipts (
        digest       bytea PRIMARY KEY,
        received_at  timestamptz NOT NULL
      )`);
    await this.copy(runner, '-infinity');
    await runner.query(
      `CREATE INDEX webhook_receipts_received_at_idx ON terra_connect.webhook_receipts (received_at)`,
    );
    await runner.query(`
      ALTER TABLE terra_connect.webhook_events
        DROP CONSTRAINT webhook_events_dedupe_key_key,
        DROP CONSTRAINT webhook_events_signature_digest_key,
        ALTER COLUMN dedupe_key DROP NOT NULL,
        ALTER COLUMN signature_digest DROP NOT NULL,
        ADD COLUMN trace_id_reused boolean NOT NULL DEFAULT false`);
    // Deliveries that were committed since the copy began. An earlier time allows for statements that were running then.
    const [row] = (await runner.query(`SELECT now() - interval '10 minutes' AS since`)) as { since: Date }[];
    await this.copy(runner, row?.since.toISOString() ?? '-infinity');
  }

  /**
   * Builds the digests as `receipt-keys.ts` does. A processed health data event has lost its body, so its digests would
   * recognise nothing: if it comes again, it is stored again and changes nothing. Most events are of this kind.
   */
  private async copy(runner: QueryRunner, since: string): Promise<void> {
    await runner.query(
      `WITH deliveries AS MATERIALIZED (
          SELECT trace_id, received_at, extract(epoch FROM signed_at)::bigint AS seconds,
              encode(sha256(body), 'hex') AS body_digest
            FROM terra_connect.webhook_events
            WHERE received_at >= $1 AND (type = ANY($2) AND status IN ('done', 'ignored')) IS NOT TRUE)
        INSERT INTO terra_connect.webhook_receipts (digest, received_at)
          SELECT sha256(convert_to(concat_ws(' ', 'signed', seconds, body_digest), 'UTF8')), received_at FROM deliveries
          UNION ALL
          SELECT sha256(convert_to(concat_ws(' ', 'retry', body_digest, trace_id), 'UTF8')), received_at FROM deliveries
            WHERE trace_id IS NOT NULL
          ON CONFLICT DO NOTHING`,
      [since, HEALTH_DATA],
    );
  }

  /** Events that were stored meanwhile get new keys: by them, the earlier version recognises trace ids, no signatures. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      WITH numbered AS (
        SELECT id, row_number() OVER (PARTITION BY trace_id ORDER BY dedupe_key IS NULL, received_at, id) AS place
          FROM terra_connect.webhook_events)
      UPDATE terra_connect.webhook_events event SET
          dedupe_key = CASE WHEN trace_id IS NOT NULL AND place = 1 THEN 'trace:' || trace_id ELSE 'event:' || event.id END,
          signature_digest = sha256(convert_to(event.id::text, 'UTF8'))
        FROM numbered WHERE numbered.id = event.id AND dedupe_key IS NULL`);
    await runner.query(`
      ALTER TABLE terra_connect.webhook_events
        DROP COLUMN trace_id_reused,
        ALTER COLUMN dedupe_key SET NOT NULL,
        ALTER COLUMN signature_digest SET NOT NULL,
        ADD CONSTRAINT webhook_events_dedupe_key_key UNIQUE (dedupe_key),
        ADD CONSTRAINT webhook_events_signature_digest_key UNIQUE (signature_digest)`);
    await runner.query(`DROP TABLE terra_connect.webhook_receipts`);
  }
}

const HEALTH_DATA = [
  'activity',
  'athlete',
  'body',
  'daily',
  'menstruation',
  'nutrition',
  'sleep',
  'planned_workout',
  'hormone',
  'health_observation',
  'lab_report.completed',
  'lab_report.failed',
];
