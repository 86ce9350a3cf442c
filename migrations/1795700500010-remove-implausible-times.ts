import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Removes times that an earlier version stored from an unsigned header and that `told-time.ts` rejects today.
 *
 * A fact in the future outranked everything after it. It now counts from when it was recorded; the next fact about its
 * Terra user corrects the connection. Facts with a very early time stay: they can come from replays of old events.
 */
export class RemoveImplausibleTimes1795700500010 implements MigrationInterface {
  name = 'RemoveImplausibleTimes1795700500010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      UPDATE terra_connect.webhook_events SET occurred_at = NULL
        WHERE occurred_at > signed_at + interval '5 minutes' OR occurred_at < signed_at - interval '31 days'`);
    // A signature may be a day ahead, the longest tolerance that can be set.
    await runner.query(`
      UPDATE terra_connect.connection_facts SET occurred_at = recorded_at
        WHERE source = 'webhook' AND occurred_at > recorded_at + interval '25 hours'`);
  }

  /** The removed times are lost. They were wrong in the earlier version, too. */
  async down(): Promise<void> {
    await Promise.resolve();
  }
}
