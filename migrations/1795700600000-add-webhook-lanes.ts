import { indexStep, sqlStep, SteppedMigration } from './stepped-migration';

/** Adds the lane of an event to the inbox. Events of an earlier version stay in the first lane, which waits for no other. */
export class AddWebhookLanes1795700600000 extends SteppedMigration {
  readonly name = 'AddWebhookLanes1795700600000';

  readonly upSteps = [
    // A constant default: Postgres changes the catalogue only, and rewrites no row.
    sqlStep(
      `ALTER TABLE terra_connect.webhook_events ADD COLUMN IF NOT EXISTS lane smallint NOT NULL DEFAULT 0`,
    ),
    indexStep(
      'webhook_events',
      'webhook_events_lane_idx',
      `(lane, next_attempt_at, id) WHERE status = 'pending'`,
    ),
    sqlStep(`DROP INDEX IF EXISTS terra_connect.webhook_events_due_idx`),
  ];

  readonly downSteps = [
    indexStep('webhook_events', 'webhook_events_due_idx', `(next_attempt_at, id) WHERE status = 'pending'`),
    sqlStep(`ALTER TABLE terra_connect.webhook_events DROP COLUMN IF EXISTS lane`),
  ];

  readonly removedByDown = ['column terra_connect.webhook_events.lane'];
}
