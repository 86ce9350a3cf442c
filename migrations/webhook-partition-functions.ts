/**
 * The functions by which the service maintains the partitions of `webhook_events`. They run with the rights of their owner,
 * because the role that serves may not change tables: they can only create and remove partitions of this table, and only a
 * role that may delete rows can call them.
 */

const ASSERT_CALLER = `
    IF NOT has_table_privilege(session_user, 'terra_connect.webhook_events', 'DELETE') THEN
      RAISE insufficient_privilege USING MESSAGE = 'permission denied for table webhook_events';
    END IF;`;

/** The smallest id of a time and of a day in UTC, and the partitions with their bounds; a bound is null if it has no end. */
export const PARTITION_BOUNDS = `
  CREATE OR REPLACE FUNCTION terra_connect.webhook_event_bound(day date) RETURNS uuid
    LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
      SELECT rpad(lpad(to_hex((extract(epoch FROM day::timestamp) * 1000)::bigint), 12, '0'), 32, '0')::uuid $$;
  CREATE OR REPLACE FUNCTION terra_connect.webhook_partitions()
    RETURNS TABLE (name text, lower_bound uuid, upper_bound uuid, is_default boolean)
    LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
      SELECT c.relname::text, (regexp_match(bounds, 'FROM \\(''([0-9a-f-]{36})'))[1]::uuid,
          (regexp_match(bounds, 'TO \\(''([0-9a-f-]{36})'))[1]::uuid, bounds = 'DEFAULT'
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid, pg_get_expr(c.relpartbound, c.oid) AS bounds
        WHERE i.inhparent = to_regclass('terra_connect.webhook_events') $$`;

/**
 * Creates the partitions up to a day. A new table is attached, because `PARTITION OF` would lock all partitions. Rows that
 * arrived while the partition was missing are in the default partition, and move.
 */
export const CREATE_PARTITIONS = `
  CREATE FUNCTION terra_connect.create_webhook_partitions(last_day date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '500ms' AS $$
  DECLARE
    day date;
    name text;
    created integer := 0;
  BEGIN${ASSERT_CALLER}
    IF NOT pg_try_advisory_xact_lock(7283115) THEN RETURN 0; END IF;
    SELECT to_timestamp(('x' || lpad(substr(replace(max(upper_bound::text), '-', ''), 1, 12), 16, '0'))::bit(64)::bigint
      / 1000.0) AT TIME ZONE 'UTC' INTO day FROM terra_connect.webhook_partitions();
    WHILE day <= last_day AND created < 100 LOOP
      IF created = 0 THEN
        LOCK TABLE ONLY terra_connect.webhook_events IN SHARE UPDATE EXCLUSIVE MODE;
        LOCK TABLE terra_connect.webhook_events_other IN ACCESS EXCLUSIVE MODE;
      END IF;
      name := 'webhook_events_' || to_char(day, 'YYYYMMDD');
      EXECUTE format('CREATE TABLE terra_connect.%I (LIKE terra_connect.webhook_events INCLUDING DEFAULTS
        INCLUDING CONSTRAINTS)', name);
      EXECUTE format('WITH moved AS (DELETE FROM terra_connect.webhook_events_other WHERE id >= %L AND id < %L RETURNING *)
        INSERT INTO terra_connect.%I SELECT * FROM moved', terra_connect.webhook_event_bound(day),
        terra_connect.webhook_event_bound(day + 1), name);
      EXECUTE format('ALTER TABLE terra_connect.webhook_events ATTACH PARTITION terra_connect.%I
        FOR VALUES FROM (%L) TO (%L)', name, terra_connect.webhook_event_bound(day),
        terra_connect.webhook_event_bound(day + 1));
      created := created + 1;
      day := day + 1;
    END LOOP;
    RETURN created;
  END $$`;

/**
 * Removes old events, one partition or one batch of rows at a time.
 *
 * - A partition whose last event was received before `old` is dropped. Its unapplied events that are younger than
 *   `old_unapplied` move to the default partition first. If they are too many for a short lock, its rows are deleted in
 *   batches.
 * - Rows are also deleted in batches from the partitions without a lower bound, which hold more than a day: the default
 *   partition, and that of the time before the partitions.
 *
 * Returns how many rows were removed, and null when none is left or a partition is in use.
 */
export const PRUNE_EVENTS = `
  CREATE FUNCTION terra_connect.prune_webhook_events(old timestamptz, old_unapplied timestamptz, batch integer)
    RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '500ms' AS $$
  DECLARE
    part record;
    removed bigint;
    kept bigint;
    is_young boolean;
    is_kept text := format('status = ''pending'' OR (status IN (''parked'', ''dead_lettered'') AND received_at >= %L)',
      old_unapplied);
  BEGIN${ASSERT_CALLER}
    FOR part IN SELECT * FROM terra_connect.webhook_partitions() ORDER BY is_default, upper_bound LOOP
      IF part.upper_bound <= terra_connect.webhook_event_bound((old AT TIME ZONE 'UTC')::date) THEN
        EXECUTE format('SELECT EXISTS (SELECT FROM terra_connect.%I WHERE received_at >= %L),
          (SELECT count(*) FROM (SELECT FROM terra_connect.%I WHERE %s LIMIT 10001) AS kept)',
          part.name, old, part.name, is_kept) INTO is_young, kept;
        IF NOT is_young AND kept <= 10000 THEN
          BEGIN
            LOCK TABLE ONLY terra_connect.webhook_events IN ACCESS EXCLUSIVE MODE;
            -- Counting a large table would take long under the lock.
            EXECUTE CASE WHEN pg_relation_size(format('terra_connect.%I', part.name)) > 8388608
              THEN format('SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = ''terra_connect.%I''::regclass', part.name)
              ELSE format('SELECT count(*) FROM terra_connect.%I', part.name) END INTO removed;
            EXECUTE format('ALTER TABLE terra_connect.webhook_events DETACH PARTITION terra_connect.%I', part.name);
            EXECUTE format('INSERT INTO terra_connect.webhook_events SELECT * FROM terra_connect.%I WHERE %s', part.name,
              is_kept);
            GET DIAGNOSTICS kept = ROW_COUNT;
            EXECUTE format('DROP TABLE terra_connect.%I', part.name);
            RETURN greatest(removed - kept, 0);
          EXCEPTION WHEN lock_not_available THEN RETURN NULL;
          END;
        END IF;
      ELSIF part.lower_bound IS NOT NULL THEN
        CONTINUE;
      END IF;
      EXECUTE format('DELETE FROM terra_connect.%I WHERE id IN (SELECT id FROM terra_connect.%I
        WHERE received_at < %L AND NOT (%s) ORDER BY received_at LIMIT %s FOR UPDATE SKIP LOCKED)',
        part.name, part.name, old, is_kept, batch);
      GET DIAGNOSTICS removed = ROW_COUNT;
      IF removed > 0 THEN RETURN removed; END IF;
    END LOOP;
    RETURN NULL;
  END $$`;
