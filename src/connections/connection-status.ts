/**
 * - `active` Terra sends the account's data
 * - `needs_reauth` the provider refuses Terra, or the end user removed what is needed: ask the end user to reconnect
 * - `disconnecting` its end was requested and Terra has not confirmed yet; it counts as ended
 * - `disconnected` ended by the end user, the provider, Terra or us; `statusReason` says how
 * - `moved` the account was connected under another end user's reference: an operator has to look at it
 */
export const CONNECTION_STATUSES = [
  'active',
  'needs_reauth',
  'disconnecting',
  'disconnected',
  'moved',
] as const;
export type ConnectionStatus = (typeof CONNECTION_STATUSES)[number];

/** The statuses in which Terra may still hold the account. */
export const LIVE_STATUSES: readonly ConnectionStatus[] = ['active', 'needs_reauth', 'disconnecting'];

/** Why a connection is not active, by status. */
export const STATUS_REASONS = {
  active: [],
  needs_reauth: ['connection_error', 'inactive', 'missing_scopes'],
  disconnecting: ['disconnect_requested'],
  disconnected: ['deauth', 'access_revoked', 'disconnected_by_us', 'absent'],
  moved: ['moved'],
} as const satisfies Record<ConnectionStatus, readonly string[]>;
export type StatusReason = (typeof STATUS_REASONS)[ConnectionStatus][number];

/**
 * Which status may follow which when another fact becomes known. The reducer computes the status from all facts; this
 * table is what we expect of it, and the diagram of docs/architecture.md. A late fact can also revert a status:
 * `disconnected` becomes `active` when its Terra user turns out to be superseded.
 */
export const ALLOWED_TRANSITIONS: Record<ConnectionStatus, readonly ConnectionStatus[]> = {
  active: ['needs_reauth', 'disconnecting', 'disconnected', 'moved'],
  needs_reauth: ['active', 'disconnecting', 'disconnected', 'moved'],
  // Reconnected after the request: the end user wants the connection again.
  disconnecting: ['active', 'needs_reauth', 'disconnected', 'moved'],
  // Reconnected as another Terra user, which may be in any state when we learn of it.
  disconnected: ['active', 'needs_reauth', 'disconnecting', 'moved'],
  moved: ['active', 'needs_reauth'],
};

export function mayBecome(from: ConnectionStatus, to: ConnectionStatus): boolean {
  return ALLOWED_TRANSITIONS[from].includes(to);
}
