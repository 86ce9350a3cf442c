/** The columns of connections and identities as their entities name them, for SQL. */

export const CONNECTION_COLUMNS = `id, reference_id AS "referenceId", provider, terra_user_id AS "terraUserId",
  status, status_reason AS "statusReason", status_at AS "statusAt", scopes, connected_at AS "connectedAt",
  disconnected_at AS "disconnectedAt", origin_terra_user_id AS "originTerraUserId",
  merged_into AS "mergedInto", account_digest AS "accountDigest", last_data_at AS "lastDataAt", reconciled_at AS "reconciledAt",
  reconcile_at AS "reconcileAt", created_at AS "createdAt", updated_at AS "updatedAt"`;

export const IDENTITY_COLUMNS = `terra_user_id AS "terraUserId", connection_id AS "connectionId",
  reference_id AS "referenceId", provider, cause, first_seen_at AS "firstSeenAt", linked_at AS "linkedAt",
  superseded_by AS "supersededBy", superseded_at AS "supersededAt", ended_at AS "endedAt",
  ended_cause AS "endedCause", missing_since AS "missingSince"`;
