import { indexStep, sqlStep, SteppedMigration } from './stepped-migration';

/** Indexes the order of changes, by which callers page through connections. */
export class AddConnectionChanges1795700740000 extends SteppedMigration {
  readonly name = 'AddConnectionChanges1795700740000';

  readonly upSteps = [
    indexStep(
      'connections',
      'connections_updated_at_idx',
      `(updated_at, id) WHERE merged_into IS NULL AND provisional_check_at IS NULL`,
    ),
  ];

  readonly downSteps = [sqlStep(`DROP INDEX IF EXISTS terra_connect.connections_updated_at_idx`)];

  readonly removedByDown = [];
}
