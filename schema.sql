-- The database after all migrations, for reading and for reviews. Written by "npm run db:dump".
-- Create databases with the migrations, not with this file.

CREATE SCHEMA terra_connect;

CREATE OR REPLACE FUNCTION terra_connect.create_event_partitions(last_day date)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog'
 SET lock_timeout TO '500ms'
AS $function$
  DECLARE
    parent text;
    day date;
    name text;
    key text;
    created integer := 0;
  BEGIN
    IF NOT has_table_privilege(session_user, 'terra_connect.outgoing_events', 'DELETE') THEN
      RAISE insufficient_privilege USING MESSAGE = 'permission denied for table outgoing_events';
    END IF;
    IF NOT pg_try_advisory_xact_lock(7283116) THEN RETURN 0; END IF;
    FOREACH parent IN ARRAY ARRAY['outgoing_events', 'event_bodies', 'event_deliveries'] LOOP
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
  END $function$
;

CREATE OR REPLACE FUNCTION terra_connect.create_webhook_partitions(last_day date)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog'
 SET lock_timeout TO '500ms'
AS $function$
  DECLARE
    day date;
    name text;
    created integer := 0;
  BEGIN
    IF NOT has_table_privilege(session_user, 'terra_connect.webhook_events', 'DELETE') THEN
      RAISE insufficient_privilege USING MESSAGE = 'permission denied for table webhook_events';
    END IF;
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
  END $function$
;

CREATE OR REPLACE FUNCTION terra_connect.drop_event_partition(before date)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog'
 SET lock_timeout TO '500ms'
AS $function$
  DECLARE
    part record;
  BEGIN
    IF NOT has_table_privilege(session_user, 'terra_connect.outgoing_events', 'DELETE') THEN
      RAISE insufficient_privilege USING MESSAGE = 'permission denied for table outgoing_events';
    END IF;
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
  END $function$
;

CREATE OR REPLACE FUNCTION terra_connect.event_partitions()
 RETURNS TABLE(parent text, name text, day date)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog'
AS $function$
      SELECT p.relname::text, c.relname::text, to_date(right(c.relname, 8), 'YYYYMMDD')
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
        WHERE p.relnamespace = 'terra_connect'::regnamespace AND p.relname = ANY(ARRAY['outgoing_events', 'event_bodies', 'event_deliveries']) AND c.relname ~ '_[0-9]{8}$' $function$
;

CREATE OR REPLACE FUNCTION terra_connect.prune_webhook_events(old timestamp with time zone, old_unapplied timestamp with time zone, batch integer)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog'
 SET lock_timeout TO '500ms'
AS $function$
  DECLARE
    part record;
    removed bigint;
    kept bigint;
    is_young boolean;
    is_kept text := format('status = ''pending'' OR (status IN (''parked'', ''dead_lettered'') AND received_at >= %L)',
      old_unapplied);
  BEGIN
    IF NOT has_table_privilege(session_user, 'terra_connect.webhook_events', 'DELETE') THEN
      RAISE insufficient_privilege USING MESSAGE = 'permission denied for table webhook_events';
    END IF;
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
  END $function$
;

CREATE OR REPLACE FUNCTION terra_connect.webhook_event_bound(day date)
 RETURNS uuid
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog'
AS $function$
      SELECT rpad(lpad(to_hex((extract(epoch FROM day::timestamp) * 1000)::bigint), 12, '0'), 32, '0')::uuid $function$
;

CREATE OR REPLACE FUNCTION terra_connect.webhook_partitions()
 RETURNS TABLE(name text, lower_bound uuid, upper_bound uuid, is_default boolean)
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog'
AS $function$
      SELECT c.relname::text, (regexp_match(bounds, 'FROM \(''([0-9a-f-]{36})'))[1]::uuid,
          (regexp_match(bounds, 'TO \(''([0-9a-f-]{36})'))[1]::uuid, bounds = 'DEFAULT'
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid, pg_get_expr(c.relpartbound, c.oid) AS bounds
        WHERE i.inhparent = to_regclass('terra_connect.webhook_events') $function$
;

CREATE TABLE terra_connect.api_keys (
  id uuid NOT NULL,
  name text NOT NULL,
  key_hash bytea NOT NULL,
  hint text NOT NULL,
  scopes text[] NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  CONSTRAINT api_keys_pkey PRIMARY KEY (id),
  CONSTRAINT api_keys_key_hash_key UNIQUE (key_hash)
);

CREATE TABLE terra_connect.catalogue_checks (
  id smallint NOT NULL,
  due_at timestamp with time zone NOT NULL,
  checked_at timestamp with time zone,
  held_since timestamp with time zone,
  CONSTRAINT catalogue_checks_pkey PRIMARY KEY (id),
  CONSTRAINT catalogue_checks_one_row_check CHECK ((id = 1))
);

CREATE TABLE terra_connect.catalogue_providers (
  provider text NOT NULL,
  seen_at timestamp with time zone,
  missing_since timestamp with time zone,
  retired_at timestamp with time zone,
  returned_at timestamp with time zone,
  is_pass_due boolean DEFAULT false NOT NULL,
  pass_after uuid,
  live_connections integer DEFAULT 0 NOT NULL,
  CONSTRAINT catalogue_providers_pkey PRIMARY KEY (provider)
);

CREATE TABLE terra_connect.connect_session_connections (
  session_id uuid NOT NULL,
  connection_id uuid NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT connect_session_connections_pkey PRIMARY KEY (session_id, connection_id)
);

CREATE TABLE terra_connect.connect_sessions (
  id uuid NOT NULL,
  reference_id text NOT NULL,
  status text NOT NULL,
  failure_reason text,
  providers text[] NOT NULL,
  language text,
  show_disconnect boolean NOT NULL,
  multi_auth boolean NOT NULL,
  return_url text,
  failure_return_url text,
  metadata jsonb,
  connect_token text NOT NULL,
  return_nonce_hash bytea NOT NULL,
  return_spent_at timestamp with time zone,
  terra_session_id text,
  widget_url text,
  widget_generation text,
  warnings text[] DEFAULT '{}'::text[] NOT NULL,
  api_key_id uuid,
  idempotency_key text,
  idempotency_digest bytea,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  opened_at timestamp with time zone,
  ended_at timestamp with time zone,
  reconnects_connection_id uuid,
  reconnects_terra_user_id text,
  success_callback_at timestamp with time zone,
  check_user_id text,
  check_at timestamp with time zone,
  checks integer DEFAULT 0 NOT NULL,
  provider_reason text,
  use_terra_avengers_app boolean DEFAULT false NOT NULL,
  apple_app_url text,
  samsung_app_url text,
  connected_uids text[] DEFAULT '{}'::text[] NOT NULL,
  bypass_feedback boolean,
  renewable_until timestamp with time zone,
  renewals integer DEFAULT 0 NOT NULL,
  renewed_from uuid,
  renewed_by uuid,
  CONSTRAINT connect_sessions_pkey PRIMARY KEY (id),
  CONSTRAINT connect_sessions_connect_token_key UNIQUE (connect_token),
  CONSTRAINT connect_sessions_return_nonce_hash_key UNIQUE (return_nonce_hash),
  CONSTRAINT connect_sessions_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'opened'::text, 'completed'::text, 'failed'::text, 'cancelled'::text, 'expired'::text])))
);

CREATE TABLE terra_connect.connection_facts (
  id uuid NOT NULL,
  fact_key bytea NOT NULL,
  terra_user_id text NOT NULL,
  kind text NOT NULL,
  cause text NOT NULL,
  source text NOT NULL,
  occurred_at timestamp with time zone NOT NULL,
  reference_id text,
  provider text,
  old_terra_user_id text,
  old_reference_id text,
  scopes text[],
  scopes_added text[] DEFAULT '{}'::text[] NOT NULL,
  scopes_removed text[] DEFAULT '{}'::text[] NOT NULL,
  actor text,
  reason text,
  source_id text,
  recorded_at timestamp with time zone DEFAULT now() NOT NULL,
  decides boolean DEFAULT true NOT NULL,
  scope_digest text,
  CONSTRAINT connection_facts_pkey PRIMARY KEY (id),
  CONSTRAINT connection_facts_fact_key_key UNIQUE (fact_key),
  CONSTRAINT connection_facts_kind_check CHECK ((kind = ANY (ARRAY['linked'::text, 'swapped'::text, 'scopes'::text, 'failing'::text, 'recovered'::text, 'disconnect_requested'::text, 'ended'::text])))
);

CREATE TABLE terra_connect.connection_identities (
  terra_user_id text NOT NULL,
  connection_id uuid,
  reference_id text,
  provider text,
  cause text NOT NULL,
  first_seen_at timestamp with time zone NOT NULL,
  superseded_by text,
  superseded_at timestamp with time zone,
  ended_at timestamp with time zone,
  ended_cause text,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  linked_at timestamp with time zone,
  missing_since timestamp with time zone,
  inactive_since timestamp with time zone,
  CONSTRAINT connection_identities_pkey PRIMARY KEY (terra_user_id)
);

CREATE TABLE terra_connect.connections (
  id uuid NOT NULL,
  reference_id text NOT NULL,
  provider text NOT NULL,
  terra_user_id text NOT NULL,
  status text NOT NULL,
  status_reason text,
  status_at timestamp with time zone NOT NULL,
  scopes text[] DEFAULT '{}'::text[] NOT NULL,
  scopes_at timestamp with time zone,
  connected_at timestamp with time zone NOT NULL,
  disconnected_at timestamp with time zone,
  merged_into uuid,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  updated_at timestamp with time zone DEFAULT now() NOT NULL,
  origin_terra_user_id text NOT NULL,
  account_digest bytea,
  last_data_at timestamp with time zone,
  reconciled_at timestamp with time zone,
  reconcile_at timestamp with time zone DEFAULT now() NOT NULL,
  provisional_check_at timestamp with time zone,
  succeeds uuid,
  succeeded_by uuid,
  succeeded_at timestamp with time zone,
  CONSTRAINT connections_pkey PRIMARY KEY (id),
  CONSTRAINT connections_status_check CHECK ((status = ANY (ARRAY['active'::text, 'needs_reauth'::text, 'disconnecting'::text, 'disconnected'::text, 'moved'::text])))
);

CREATE TABLE terra_connect.deauthentications (
  id uuid NOT NULL,
  terra_user_id text NOT NULL,
  connection_id uuid,
  reference_id text,
  actor text NOT NULL,
  reason text NOT NULL,
  status text NOT NULL,
  attempts integer DEFAULT 0 NOT NULL,
  requested_at timestamp with time zone NOT NULL,
  next_attempt_at timestamp with time zone NOT NULL,
  last_attempt_at timestamp with time zone,
  last_outcome text,
  confirmed_at timestamp with time zone,
  verified_at timestamp with time zone,
  CONSTRAINT deauthentications_pkey PRIMARY KEY (id),
  CONSTRAINT deauthentications_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'confirmed'::text])))
);

CREATE TABLE terra_connect.erasures (
  id uuid NOT NULL,
  reference_id text,
  reference_digest bytea NOT NULL,
  status text NOT NULL,
  actor text NOT NULL,
  requested_at timestamp with time zone NOT NULL,
  completed_at timestamp with time zone,
  counts jsonb DEFAULT '{}'::jsonb NOT NULL,
  confirmations jsonb DEFAULT '[]'::jsonb NOT NULL,
  CONSTRAINT erasures_pkey PRIMARY KEY (id),
  CONSTRAINT erasures_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'completed'::text])))
);

CREATE TABLE terra_connect.event_bodies (
  event_id uuid NOT NULL,
  connection_id uuid,
  body bytea NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  keeps boolean DEFAULT false NOT NULL,
  CONSTRAINT event_bodies_pkey PRIMARY KEY (event_id)
) PARTITION BY RANGE (event_id);

CREATE TABLE terra_connect.event_deliveries (
  endpoint_id uuid NOT NULL,
  event_id uuid NOT NULL,
  "position" bigint NOT NULL,
  lane_key text NOT NULL,
  status text NOT NULL,
  attempts integer DEFAULT 0 NOT NULL,
  last_attempts jsonb DEFAULT '[]'::jsonb NOT NULL,
  delivered_at timestamp with time zone,
  CONSTRAINT event_deliveries_pkey PRIMARY KEY (endpoint_id, event_id),
  CONSTRAINT event_deliveries_status CHECK ((status = ANY (ARRAY['pending'::text, 'delivered'::text, 'given_up'::text, 'dropped'::text])))
) PARTITION BY RANGE (event_id);

CREATE TABLE terra_connect.event_endpoints (
  id uuid NOT NULL,
  url text NOT NULL,
  description text,
  types text[] NOT NULL,
  enabled boolean NOT NULL,
  disabled_reason text,
  secret text NOT NULL,
  previous_secret text,
  previous_secret_until timestamp with time zone,
  failing_since timestamp with time zone,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  deleted_at timestamp with time zone,
  CONSTRAINT event_endpoints_pkey PRIMARY KEY (id),
  CONSTRAINT event_endpoints_disabled_reason CHECK ((disabled_reason = ANY (ARRAY['requested'::text, 'gone'::text, 'failing'::text])))
);

CREATE TABLE terra_connect.event_lanes (
  endpoint_id uuid NOT NULL,
  lane_key text NOT NULL,
  due_at timestamp with time zone NOT NULL,
  lease uuid,
  attempts integer DEFAULT 0 NOT NULL,
  failing_since timestamp with time zone,
  CONSTRAINT event_lanes_pkey PRIMARY KEY (endpoint_id, lane_key)
);

CREATE TABLE terra_connect.event_log (
  id boolean DEFAULT true NOT NULL,
  last_position bigint NOT NULL,
  horizon bigint NOT NULL,
  CONSTRAINT event_log_pkey PRIMARY KEY (id),
  CONSTRAINT event_log_one_row CHECK (id)
);

CREATE TABLE terra_connect.event_relays (
  name text NOT NULL,
  "position" bigint NOT NULL,
  lease_owner uuid,
  leased_until timestamp with time zone,
  updated_at timestamp with time zone NOT NULL,
  CONSTRAINT event_relays_pkey PRIMARY KEY (name)
);

CREATE TABLE terra_connect.outgoing_events (
  id uuid NOT NULL,
  ordinal bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
  "position" bigint,
  type text NOT NULL,
  reference_id text,
  connection_id uuid,
  occurred_at timestamp with time zone NOT NULL,
  data text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT outgoing_events_pkey PRIMARY KEY (id)
) PARTITION BY RANGE (id);

CREATE TABLE terra_connect.sweep_findings (
  sweep_id uuid NOT NULL,
  terra_user_id text NOT NULL,
  action text NOT NULL,
  reference_id text,
  connection_id uuid,
  observed jsonb,
  observed_at timestamp with time zone NOT NULL,
  settled_at timestamp with time zone,
  outcome text,
  CONSTRAINT sweep_findings_pkey PRIMARY KEY (sweep_id, terra_user_id, action)
);

CREATE TABLE terra_connect.sweep_seen (
  sweep_id uuid NOT NULL,
  terra_user_id text NOT NULL,
  CONSTRAINT sweep_seen_pkey PRIMARY KEY (sweep_id, terra_user_id)
);

CREATE TABLE terra_connect.sweeps (
  id uuid NOT NULL,
  status text NOT NULL,
  phase text NOT NULL,
  dry_run boolean NOT NULL,
  forced boolean NOT NULL,
  actor text NOT NULL,
  next_page integer DEFAULT 0 NOT NULL,
  diff_after text,
  users_seen integer DEFAULT 0 NOT NULL,
  unreadable integer DEFAULT 0 NOT NULL,
  live integer,
  changes integer DEFAULT 0 NOT NULL,
  applied integer DEFAULT 0 NOT NULL,
  approval_reason text,
  error_code text,
  started_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  finished_at timestamp with time zone,
  lease_owner uuid,
  lease_until timestamp with time zone NOT NULL,
  adopts boolean DEFAULT false NOT NULL,
  CONSTRAINT sweeps_pkey PRIMARY KEY (id),
  CONSTRAINT sweeps_phase_check CHECK ((phase = ANY (ARRAY['reading'::text, 'diffing'::text, 'applying'::text]))),
  CONSTRAINT sweeps_status_check CHECK ((status = ANY (ARRAY['running'::text, 'awaiting_approval'::text, 'completed'::text, 'failed'::text, 'overtaken'::text])))
);

CREATE TABLE terra_connect.terra_connect_migrations (
  id serial,
  "timestamp" bigint NOT NULL,
  name character varying NOT NULL,
  CONSTRAINT "PK_5fcc40b16b0a8dbb3b391a2aeff" PRIMARY KEY (id)
);

CREATE TABLE terra_connect.tombstones (
  digest bytea NOT NULL,
  kind text NOT NULL,
  erased_at timestamp with time zone NOT NULL,
  CONSTRAINT tombstones_pkey PRIMARY KEY (digest),
  CONSTRAINT tombstones_kind_check CHECK ((kind = ANY (ARRAY['end_user'::text, 'terra_user'::text])))
);

CREATE TABLE terra_connect.webhook_events (
  id uuid NOT NULL,
  dedupe_key text,
  signature_digest bytea,
  trace_id text,
  terra_reference text,
  signed_at timestamp with time zone NOT NULL,
  occurred_at timestamp with time zone,
  received_at timestamp with time zone NOT NULL,
  body bytea NOT NULL,
  type text,
  terra_user_id text,
  status text NOT NULL,
  attempts integer DEFAULT 0 NOT NULL,
  next_attempt_at timestamp with time zone NOT NULL,
  note text,
  processed_at timestamp with time zone,
  reference_id text,
  replays integer DEFAULT 0 NOT NULL,
  replayed_at timestamp with time zone,
  replayed_by text,
  trace_id_reused boolean DEFAULT false NOT NULL,
  lane smallint DEFAULT 0 NOT NULL,
  CONSTRAINT webhook_events_pkey PRIMARY KEY (id),
  CONSTRAINT webhook_events_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'done'::text, 'ignored'::text, 'parked'::text, 'dead_lettered'::text])))
) PARTITION BY RANGE (id);

CREATE TABLE terra_connect.webhook_receipts (
  digest bytea NOT NULL,
  received_at timestamp with time zone NOT NULL,
  CONSTRAINT webhook_receipts_pkey PRIMARY KEY (digest)
);

ALTER TABLE terra_connect.connect_session_connections ADD CONSTRAINT connect_session_connections_connection_id_fkey
  FOREIGN KEY (connection_id) REFERENCES terra_connect.connections(id);
ALTER TABLE terra_connect.connect_session_connections ADD CONSTRAINT connect_session_connections_session_id_fkey
  FOREIGN KEY (session_id) REFERENCES terra_connect.connect_sessions(id) ON DELETE CASCADE;
ALTER TABLE terra_connect.connection_identities ADD CONSTRAINT connection_identities_connection_id_fkey
  FOREIGN KEY (connection_id) REFERENCES terra_connect.connections(id);
ALTER TABLE terra_connect.connections ADD CONSTRAINT connections_merged_into_fkey
  FOREIGN KEY (merged_into) REFERENCES terra_connect.connections(id);
ALTER TABLE terra_connect.sweep_findings ADD CONSTRAINT sweep_findings_sweep_id_fkey
  FOREIGN KEY (sweep_id) REFERENCES terra_connect.sweeps(id) ON DELETE CASCADE;
ALTER TABLE terra_connect.sweep_seen ADD CONSTRAINT sweep_seen_sweep_id_fkey
  FOREIGN KEY (sweep_id) REFERENCES terra_connect.sweeps(id) ON DELETE CASCADE;

CREATE INDEX connect_sessions_check_at_idx ON terra_connect.connect_sessions USING btree (check_at) WHERE (check_at IS NOT NULL);
CREATE INDEX connect_sessions_ended_at_idx ON terra_connect.connect_sessions USING btree (ended_at) WHERE (ended_at IS NOT NULL);
CREATE UNIQUE INDEX connect_sessions_idempotency_key_idx ON terra_connect.connect_sessions USING btree (COALESCE(api_key_id, '00000000-0000-0000-0000-000000000000'::uuid), idempotency_key) WHERE (idempotency_key IS NOT NULL);
CREATE INDEX connect_sessions_open_idx ON terra_connect.connect_sessions USING btree (status, expires_at) WHERE (status = ANY (ARRAY['pending'::text, 'opened'::text]));
CREATE INDEX connect_sessions_reference_id_idx ON terra_connect.connect_sessions USING btree (reference_id, id DESC);
CREATE INDEX connect_sessions_terra_session_id_idx ON terra_connect.connect_sessions USING btree (terra_session_id);
CREATE INDEX connection_facts_deciding_idx ON terra_connect.connection_facts USING btree (terra_user_id) WHERE decides;
CREATE INDEX connection_facts_old_terra_user_id_idx ON terra_connect.connection_facts USING btree (old_terra_user_id) WHERE (old_terra_user_id IS NOT NULL);
CREATE INDEX connection_facts_swapped_idx ON terra_connect.connection_facts USING btree (terra_user_id) WHERE (kind = 'swapped'::text);
CREATE INDEX connection_facts_terra_user_id_idx ON terra_connect.connection_facts USING btree (terra_user_id);
CREATE INDEX connection_identities_connection_id_idx ON terra_connect.connection_identities USING btree (connection_id);
CREATE INDEX connection_identities_connection_key_idx ON terra_connect.connection_identities USING btree (reference_id, provider);
CREATE INDEX connection_identities_missing_since_idx ON terra_connect.connection_identities USING btree (missing_since) WHERE (missing_since IS NOT NULL);
CREATE INDEX connections_account_digest_idx ON terra_connect.connections USING btree (account_digest) WHERE (account_digest IS NOT NULL);
CREATE INDEX connections_connection_key_idx ON terra_connect.connections USING btree (reference_id, provider);
CREATE INDEX connections_last_data_at_idx ON terra_connect.connections USING btree (last_data_at) WHERE ((merged_into IS NULL) AND (status = 'active'::text));
CREATE INDEX connections_provisional_check_at_idx ON terra_connect.connections USING btree (provisional_check_at) WHERE (provisional_check_at IS NOT NULL);
CREATE INDEX connections_reconcile_at_idx ON terra_connect.connections USING btree (reconcile_at) WHERE ((merged_into IS NULL) AND (status = ANY (ARRAY['active'::text, 'needs_reauth'::text, 'disconnecting'::text])));
CREATE INDEX connections_reference_id_idx ON terra_connect.connections USING btree (reference_id, id) WHERE (merged_into IS NULL);
CREATE INDEX connections_terra_user_id_idx ON terra_connect.connections USING btree (terra_user_id) WHERE (merged_into IS NULL);
CREATE INDEX connections_updated_at_idx ON terra_connect.connections USING btree (updated_at, id) WHERE ((merged_into IS NULL) AND (provisional_check_at IS NULL));
CREATE INDEX deauthentications_due_idx ON terra_connect.deauthentications USING btree (next_attempt_at, id) WHERE (status = 'pending'::text);
CREATE INDEX deauthentications_last_attempt_at_idx ON terra_connect.deauthentications USING btree (last_attempt_at);
CREATE UNIQUE INDEX deauthentications_pending_idx ON terra_connect.deauthentications USING btree (terra_user_id) WHERE (status = 'pending'::text);
CREATE INDEX deauthentications_reference_id_idx ON terra_connect.deauthentications USING btree (reference_id);
CREATE INDEX deauthentications_terra_user_id_idx ON terra_connect.deauthentications USING btree (terra_user_id);
CREATE INDEX deauthentications_unverified_idx ON terra_connect.deauthentications USING btree (confirmed_at) WHERE ((status = 'confirmed'::text) AND (verified_at IS NULL));
CREATE UNIQUE INDEX erasures_pending_idx ON terra_connect.erasures USING btree (reference_digest) WHERE (status = 'pending'::text);
CREATE INDEX erasures_reference_digest_idx ON terra_connect.erasures USING btree (reference_digest, id);
CREATE INDEX event_bodies_connection_id_idx ON ONLY terra_connect.event_bodies USING btree (connection_id) WHERE (connection_id IS NOT NULL);
CREATE INDEX event_deliveries_lane_idx ON ONLY terra_connect.event_deliveries USING btree (endpoint_id, lane_key, "position") WHERE (status = 'pending'::text);
CREATE INDEX event_deliveries_status_idx ON ONLY terra_connect.event_deliveries USING btree (endpoint_id, status, event_id) WHERE (status <> 'delivered'::text);
CREATE INDEX event_lanes_due_at_idx ON terra_connect.event_lanes USING btree (endpoint_id, due_at);
CREATE INDEX outgoing_events_ordinal_idx ON ONLY terra_connect.outgoing_events USING btree (ordinal) WHERE ("position" IS NULL);
CREATE INDEX outgoing_events_position_idx ON ONLY terra_connect.outgoing_events USING btree ("position") WHERE ("position" IS NOT NULL);
CREATE INDEX outgoing_events_reference_id_idx ON ONLY terra_connect.outgoing_events USING btree (reference_id, "position") WHERE (reference_id IS NOT NULL);
CREATE INDEX sweep_findings_open_idx ON terra_connect.sweep_findings USING btree (sweep_id, terra_user_id) WHERE (settled_at IS NULL);
CREATE UNIQUE INDEX sweeps_running_idx ON terra_connect.sweeps USING btree ((true)) WHERE (status = 'running'::text);
CREATE INDEX webhook_events_lane_idx ON ONLY terra_connect.webhook_events USING btree (lane, next_attempt_at, id) WHERE (status = 'pending'::text);
CREATE INDEX webhook_events_parked_idx ON ONLY terra_connect.webhook_events USING btree (terra_user_id) WHERE (status = 'parked'::text);
CREATE INDEX webhook_events_received_at_idx ON ONLY terra_connect.webhook_events USING btree (received_at);
CREATE INDEX webhook_events_reference_id_idx ON ONLY terra_connect.webhook_events USING btree (reference_id, id) WHERE (reference_id IS NOT NULL);
CREATE INDEX webhook_events_terra_user_id_idx ON ONLY terra_connect.webhook_events USING btree (terra_user_id, id) WHERE (terra_user_id IS NOT NULL);
CREATE INDEX webhook_events_waiting_idx ON ONLY terra_connect.webhook_events USING btree (status) WHERE (status = ANY (ARRAY['pending'::text, 'parked'::text, 'dead_lettered'::text]));
CREATE INDEX webhook_receipts_received_at_idx ON terra_connect.webhook_receipts USING btree (received_at);
