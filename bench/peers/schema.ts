/**
 * The tables of the peers: what the three hot paths need, with the indexes that they need. A peer remembers a delivery by two
 * digests (of the trace id with the body, and of the signature), as the service does, so that no delivery counts twice.
 */
export const PEER_SCHEMA = `
  CREATE SCHEMA peer;
  CREATE TABLE peer.api_keys (
    id uuid PRIMARY KEY, key_hash bytea NOT NULL UNIQUE, scopes text[] NOT NULL, last_used_at timestamptz);
  CREATE TABLE peer.receipts (digest bytea PRIMARY KEY, received_at timestamptz NOT NULL);
  CREATE TABLE peer.events (
    id uuid PRIMARY KEY, trace_id text, signed_at timestamptz NOT NULL, occurred_at timestamptz,
    received_at timestamptz NOT NULL, body bytea NOT NULL, status text NOT NULL, next_attempt_at timestamptz NOT NULL);
  CREATE INDEX ON peer.events (next_attempt_at, id) WHERE status = 'pending';
  CREATE TABLE peer.connections (
    id uuid PRIMARY KEY, reference_id text NOT NULL, provider text NOT NULL, terra_user_id text NOT NULL UNIQUE,
    status text NOT NULL, status_reason text, scopes text[] NOT NULL, connected_at timestamptz NOT NULL,
    disconnected_at timestamptz, last_data_at timestamptz, succeeds uuid, succeeded_by uuid, updated_at timestamptz NOT NULL);
  CREATE INDEX ON peer.connections (reference_id, id DESC);
  CREATE TABLE peer.sessions (
    id uuid PRIMARY KEY, reference_id text NOT NULL, status text NOT NULL, providers text[] NOT NULL, language text,
    return_url text, metadata jsonb, connect_token text NOT NULL UNIQUE, return_nonce_hash bytea NOT NULL UNIQUE,
    terra_session_id text, widget_url text, warnings text[] NOT NULL DEFAULT '{}', api_key_id uuid NOT NULL,
    created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL);
  CREATE INDEX ON peer.sessions (reference_id, id DESC);`;
