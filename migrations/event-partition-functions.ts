/**
 * The functions by which the service maintains the daily partitions of outgoing events. Like those of `webhook_events`, they
 * run with the rights of their owner, because the role that serves may not change tables.
 */

/** The tables with a partition per day, by the id of the event. A later version may add one of these. */
const TABLES = `ARRAY['outgoing_events', 'event_bodies', 'event_deliveries']`;

const ASSERT_CALLER = `
    IF NOT has_table_privilege(session_user, 'terra_connect.outgoing_events', 'DELETE') THEN
      RAISE insufficient_privilege USING MESSAGE = 'permission denied for table outgoing_events';
    END IF;`;

export const EVENT_PARTITIONS = `
  CREATE FUNCTION terra_connect.event_partitions() RETURNS TABLE (parent text, name text, day date)
    LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
      SELECT p.relname::text, c.relname::text, to_date(right(c.relname, 8), 'YYYYMMDD')
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
        WHERE p.relnamespace = 'terra_connect'::regnamespace AND p.relname = ANY(${TABLES}) AND c.relname ~ '_[0-9]{8}$' $$`;

/**
 * Creates the partitions from yesterday to a day. A new table is attached, because `PARTITION OF` would lock all partitions.
 * Rows that were inserted while the partition was missing are in the default partition, and move.
 */
export const CREATE_EVENT_PARTITIONS = `
  CREATE FUNCTION terra_connect.create_event_partitions(last_day date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '500ms' AS $$
  DECLARE
    parent text;
    day date;
    name text;
    key text;
    created integer := 0;
  BEGIN${ASSERT_CALLER}
    IF NOT pg_try_advisory_xact_lock(7283116) THEN RETURN 0; END IF;
    FOREACH parent IN ARRAY ${TABLES} LOOP
      CONTINUE WHEN to_regclass('terra_connect.' || parent) IS NULL;
      key := CASE parent WHEN 'outgoing_events' THEN 'id' ELSE 'event_id' END;
      day := (now() AT TIME ZONE 'UTC')::date - 1;
      WHILE day <= last_day AND created < 100 LOOP
        name := parent || '_' || to_char(day, 'YYYYMMDD');
        IF to_regclass('terra_connect.' || name) IS NULL THEN
          EXECUTE format('LOCK TABLE ONLY terra_connect.%I IN SHARE UPDATE EXCLUSIVE MODE', parent);
          EXECUTE format('LOCK TABLE terra_connect.%I IN ACCESS EXCLUSIVE MODE', parent || '_other');
          EXECUTE format('CREATE TABLE terra_connect.%I (LIKE terra_connect.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
            name, parent);
          EXECUTE format('WITH moved AS (DELETE FROM terra_connect.%I WHERE %I >= %L AND %I < %L RETURNING *)
            INSERT INTO terra_connect.%I SELECT * FROM moved', parent || '_other', key,
            terra_connect.webhook_event_bound(day), key, terra_connect.webhook_event_bound(day + 1), name);
          EXECUTE format('ALTER TABLE terra_connect.%I ATTACH PARTITION terra_connect.%I FOR VALUES FROM (%L) TO (%L)',
            parent, name, terra_connect.webhook_event_bound(day), terra_connect.webhook_event_bound(day + 1));
          created := created + 1;
        END IF;
        day := day + 1;
      END LOOP;
    END LOOP;
    RETURN created;
  END $$`;

/**
 * Drops the oldest partition before a day, and keeps the position up to which events are gone. Returns how many partitions it
 * dropped: 0 when none is left, null when one is in use.
 */
export const DROP_EVENT_PARTITION = `
  CREATE FUNCTION terra_connect.drop_event_partition(before date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '500ms' AS $$
  DECLARE
    part record;
  BEGIN${ASSERT_CALLER}
    FOR part IN SELECT * FROM terra_connect.event_partitions() p WHERE p.day < before ORDER BY p.day, p.parent LIMIT 1 LOOP
      IF part.parent = 'outgoing_events' THEN
        EXECUTE format('UPDATE terra_connect.event_log SET horizon = greatest(horizon,
          (SELECT coalesce(max(position), 0) FROM terra_connect.%I))', part.name);
      END IF;
      EXECUTE format('DROP TABLE terra_connect.%I', part.name);
      RETURN 1;
    END LOOP;
    RETURN 0;
  EXCEPTION WHEN lock_not_available THEN RETURN NULL;
  END $$`;
