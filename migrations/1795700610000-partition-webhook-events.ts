import type { QueryRunner } from 'typeorm';
import { sqlStep, SteppedMigration } from './stepped-migration';
import { CREATE_PARTITIONS, PARTITION_BOUNDS, PRUNE_EVENTS } from './webhook-partition-functions';

const TABLE = 'terra_connect.webhook_events';
const FIRST = 'webhook_events_first';
const COPY_BATCH = 10_000;
const DAYS_AHEAD = 7;

/** Indexes and their definitions, by the end of their names. */
const INDEXES: Record<string, string> = {
  lane_idx: `(lane, next_attempt_at, id) WHERE status = 'pending'`,
  parked_idx: `(terra_user_id) WHERE status = 'parked'`,
  received_at_idx: `(received_at)`,
  reference_id_idx: `(reference_id, id) WHERE reference_id IS NOT NULL`,
  terra_user_id_idx: `(terra_user_id, id) WHERE terra_user_id IS NOT NULL`,
  waiting_idx: `(status) WHERE status IN ('pending', 'parked', 'dead_lettered')`,
};

/**
 * The first partition ends after a week, so that the service can store events although the migration stops after this step;
 * in an empty table, it ends at the start of today.
 */
const BOUND = `terra_connect.webhook_event_bound((now() AT TIME ZONE 'UTC')::date
  + CASE WHEN EXISTS (SELECT FROM ${TABLE}) THEN ${DAYS_AHEAD} ELSE 0 END)`;

/** Only a foreign program can have inserted an id without a time. */
const REPLACE_IDS_WITHOUT_TIME = `
  UPDATE ${TABLE} SET id = (lpad(to_hex((extract(epoch FROM least(received_at, now())) * 1000)::bigint), 12, '0')
      || '7' || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid
    WHERE id >= (SELECT ${BOUND})`;

const ADD_BOUND = `
  DO $$ BEGIN
    EXECUTE format('ALTER TABLE ${TABLE} ADD CONSTRAINT ${FIRST}_check CHECK (id < %L) NOT VALID', ${BOUND});
  END $$`;

/**
 * Splits the inbox into partitions of a day, by id: the ids begin with a time (UUID version 7).
 *
 * The table becomes the first partition as it is. Its rows and indexes are not touched: a constraint, which Postgres checks
 * while the table is in use, proves that they belong there.
 */
export class PartitionWebhookEvents1795700610000 extends SteppedMigration {
  readonly name = 'PartitionWebhookEvents1795700610000';

  readonly upSteps = [
    sqlStep(PARTITION_BOUNDS),
    sqlStep(`ALTER TABLE ${TABLE} DROP CONSTRAINT IF EXISTS ${FIRST}_check`),
    sqlStep(REPLACE_IDS_WITHOUT_TIME),
    sqlStep(ADD_BOUND),
    // Reads every row, and lets everyone else read and write meanwhile.
    sqlStep(`ALTER TABLE ${TABLE} VALIDATE CONSTRAINT ${FIRST}_check`),
    { run: partition },
  ];

  /** Copies the rows into one table, which a trigger keeps equal to the partitions until it takes their place. */
  readonly downSteps = [
    { run: createMerged },
    { run: copyBatch },
    sqlStep(
      `LOCK TABLE ${TABLE} IN ACCESS EXCLUSIVE MODE`,
      copyGrants('webhook_events', 'webhook_events_merged'),
      `DROP TABLE ${TABLE} CASCADE`,
      `DROP TABLE terra_connect.webhook_events_copied`,
      `ALTER TABLE terra_connect.webhook_events_merged RENAME TO webhook_events`,
      ...renameIndexes('webhook_events_merged', 'webhook_events'),
      `DROP FUNCTION terra_connect.mirror_webhook_event, terra_connect.create_webhook_partitions,
        terra_connect.prune_webhook_events, terra_connect.webhook_event_bound, terra_connect.webhook_partitions`,
    ),
  ];

  readonly removedByDown = [];
}

async function partition(runner: QueryRunner): Promise<void> {
  await runner.query(`LOCK TABLE ${TABLE} IN ACCESS EXCLUSIVE MODE`);
  await runner.query(`ALTER TABLE ${TABLE} RENAME TO ${FIRST}`);
  for (const statement of renameIndexes('webhook_events', FIRST)) await runner.query(statement);
  await runner.query(`
    CREATE TABLE ${TABLE} (LIKE terra_connect.${FIRST} INCLUDING DEFAULTS, CONSTRAINT webhook_events_pkey PRIMARY KEY (id),
      CONSTRAINT webhook_events_status_check
        CHECK (status IN ('pending', 'done', 'ignored', 'parked', 'dead_lettered'))) PARTITION BY RANGE (id)`);
  for (const statement of createIndexes('webhook_events')) await runner.query(statement);
  await runner.query(`
    DO $$ BEGIN
      EXECUTE format('ALTER TABLE ${TABLE} ATTACH PARTITION terra_connect.${FIRST} FOR VALUES FROM (MINVALUE) TO (%s)',
        (SELECT (regexp_match(pg_get_constraintdef(oid), '''[0-9a-f-]{36}'''))[1] FROM pg_constraint
          WHERE conname = '${FIRST}_check'));
    END $$`);
  await runner.query(`CREATE TABLE terra_connect.webhook_events_other PARTITION OF ${TABLE} DEFAULT`);
  await runner.query(copyGrants(FIRST, 'webhook_events'));
  await runner.query(CREATE_PARTITIONS);
  await runner.query(PRUNE_EVENTS);
  // Owned like the table, also when another role migrates.
  await runner.query(`
    DO $$ DECLARE owner text; BEGIN
      SELECT pg_get_userbyid(relowner) INTO owner FROM pg_class WHERE oid = 'terra_connect.${FIRST}'::regclass;
      EXECUTE format('ALTER TABLE ${TABLE} OWNER TO %I', owner);
      EXECUTE format('ALTER TABLE terra_connect.webhook_events_other OWNER TO %I', owner);
      EXECUTE format('ALTER FUNCTION terra_connect.create_webhook_partitions OWNER TO %I', owner);
      EXECUTE format('ALTER FUNCTION terra_connect.prune_webhook_events OWNER TO %I', owner);
    END $$`);
  await runner.query(
    `SELECT terra_connect.create_webhook_partitions((now() AT TIME ZONE 'UTC')::date + ${2 * DAYS_AHEAD})`,
  );
}

async function createMerged(runner: QueryRunner): Promise<void> {
  await runner.query(
    `DROP TABLE IF EXISTS terra_connect.webhook_events_merged, terra_connect.webhook_events_copied`,
  );
  await runner.query(`
    CREATE TABLE terra_connect.webhook_events_merged (LIKE ${TABLE} INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
      CONSTRAINT webhook_events_merged_pkey PRIMARY KEY (id))`);
  for (const statement of createIndexes('webhook_events_merged')) await runner.query(statement);
  await runner.query(`CREATE TABLE terra_connect.webhook_events_copied AS SELECT NULL::uuid AS until`);
  await runner.query(`
    CREATE OR REPLACE FUNCTION terra_connect.mirror_webhook_event() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$ BEGIN
        IF TG_OP <> 'INSERT' THEN DELETE FROM terra_connect.webhook_events_merged WHERE id = OLD.id; END IF;
        IF TG_OP <> 'DELETE' THEN INSERT INTO terra_connect.webhook_events_merged SELECT NEW.*; END IF;
        RETURN NULL;
      END $$`);
  await runner.query(`DROP TRIGGER IF EXISTS mirror ON ${TABLE}`);
  await runner.query(`
    CREATE TRIGGER mirror AFTER INSERT OR UPDATE OR DELETE ON ${TABLE}
      FOR EACH ROW EXECUTE FUNCTION terra_connect.mirror_webhook_event()`);
}

/** Locks the rows that it copies, so that a change of them meanwhile comes after the copy. */
async function copyBatch(runner: QueryRunner): Promise<boolean> {
  const [batch] = (await runner.query(`
    WITH batch AS MATERIALIZED (
        SELECT * FROM ${TABLE} WHERE id > coalesce((SELECT until FROM terra_connect.webhook_events_copied),
          '00000000-0000-0000-0000-000000000000') ORDER BY id LIMIT ${COPY_BATCH} FOR UPDATE),
      copied AS (INSERT INTO terra_connect.webhook_events_merged SELECT * FROM batch ON CONFLICT DO NOTHING),
      progress AS (UPDATE terra_connect.webhook_events_copied
        SET until = (SELECT id FROM batch ORDER BY id DESC LIMIT 1) WHERE EXISTS (SELECT FROM batch))
      SELECT count(*)::int AS count FROM batch`)) as { count: number }[];
  return batch?.count === COPY_BATCH;
}

function createIndexes(table: string): string[] {
  return Object.entries(INDEXES).map(
    ([name, definition]) => `CREATE INDEX ${table}_${name} ON terra_connect.${table} ${definition}`,
  );
}

function renameIndexes(from: string, to: string): string[] {
  return ['pkey', ...Object.keys(INDEXES)].map(
    (name) => `ALTER INDEX terra_connect.${from}_${name} RENAME TO ${to}_${name}`,
  );
}

/** A new table has only the default privileges, which the operator may not have set. */
function copyGrants(from: string, to: string): string {
  return `
    DO $$ DECLARE statement text; BEGIN
      FOR statement IN
        SELECT format('GRANT %s ON terra_connect.${to} TO %s', privilege_type,
            CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
          FROM pg_class, aclexplode(relacl) WHERE oid = 'terra_connect.${from}'::regclass AND grantee <> relowner
      LOOP EXECUTE statement; END LOOP;
    END $$`;
}
