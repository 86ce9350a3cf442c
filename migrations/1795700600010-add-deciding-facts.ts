import { indexStep, sqlStep, SteppedMigration } from './stepped-migration';

/** Marks the facts that still decide something, and indexes them, so that a long history does not slow down new facts. */
export class AddDecidingFacts1795700600010 extends SteppedMigration {
  readonly name = 'AddDecidingFacts1795700600010';

  readonly upSteps = [
    // A constant default: Postgres changes the catalogue only, and rewrites no row. The next fact about a Terra user marks
    // the stored ones.
    sqlStep(
      `ALTER TABLE terra_connect.connection_facts ADD COLUMN IF NOT EXISTS decides boolean NOT NULL DEFAULT true`,
    ),
    indexStep('connection_facts', 'connection_facts_deciding_idx', `(terra_user_id) WHERE decides`),
    indexStep('connection_facts', 'connection_facts_swapped_idx', `(terra_user_id) WHERE kind = 'swapped'`),
  ];

  readonly downSteps = [
    sqlStep(
      `DROP INDEX IF EXISTS terra_connect.connection_facts_swapped_idx`,
      `ALTER TABLE terra_connect.connection_facts DROP COLUMN IF EXISTS decides`,
    ),
  ];

  readonly removedByDown = ['column terra_connect.connection_facts.decides'];
}
