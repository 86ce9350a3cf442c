/** A Terra user: one provider account under at most one reference. */
export interface LinkedUser {
  userId: string;
  provider: string;
  referenceId: string | null;
  /** The account at the provider; Terra shows it only as `provider_user_id` of `/athlete`. */
  providerAccount: string;
  scopes: string[];
  active: boolean;
  createdAt: number;
  lastWebhookUpdate: number | null;
  /** False while authenticateUser has only pre-allocated the id. */
  isAuthenticated: boolean;
}

/** `TerraUser` in JSON: Terra guarantees only user_id and provider; scopes is one comma-separated string. */
export interface WireUser {
  user_id: string;
  provider: string;
  created_at: string | null;
  last_webhook_update: string | null;
  scopes: string | null;
  reference_id: string | null;
  active: boolean | null;
}

export function toWireUser(user: LinkedUser): WireUser {
  return {
    user_id: user.userId,
    provider: user.provider,
    created_at: new Date(user.createdAt).toISOString(),
    last_webhook_update:
      user.lastWebhookUpdate === null ? null : new Date(user.lastWebhookUpdate).toISOString(),
    scopes: user.scopes.length > 0 ? user.scopes.join(',') : null,
    reference_id: user.referenceId,
    active: user.active,
  };
}
