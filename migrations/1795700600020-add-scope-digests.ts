import type { QueryRunner } from 'typeorm';
import { sqlStep, SteppedMigration } from './stepped-migration';

const BATCH = 10_000;

/** Lets one fact keep the changes of scopes by many earlier facts, which the service then need not read. */
export class AddScopeDigests1795700600020 extends SteppedMigration {
  readonly name = 'AddScopeDigests1795700600020';

  readonly upSteps = [
    sqlStep(`ALTER TABLE terra_connect.connection_facts ADD COLUMN IF NOT EXISTS scope_digest text`),
  ];

  readonly downSteps = [
    // The version before knows no digests, so it must read every fact again.
    { run: markAsDeciding },
    sqlStep(`ALTER TABLE terra_connect.connection_facts DROP COLUMN IF EXISTS scope_digest`),
  ];

  readonly removedByDown = ['column terra_connect.connection_facts.scope_digest'];
}

async function markAsDeciding(runner: QueryRunner): Promise<boolean> {
  const marked: unknown = await runner.query(
    `WITH covered AS (SELECT id FROM terra_connect.connection_facts WHERE NOT decides LIMIT ${BATCH} FOR UPDATE),
        marked AS (UPDATE terra_connect.connection_facts SET decides = true WHERE id IN (SELECT id FROM covered) RETURNING 1)
      SELECT count(*)::int AS count FROM marked`,
  );
  const [{ count }] = marked as [{ count: number }];
  return count === BATCH;
}
