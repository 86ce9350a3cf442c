/**
 * - `active`: Terra sends data of the account
 * - `needs_reauth`: the provider rejects Terra or has ended, Terra no longer collects data, or the end user has withdrawn
 *   every permission: the end user must reconnect
 * - `disconnecting`: a caller or the service requested the end, and Terra has not confirmed it; callers treat it as
 *   ended
 * - `disconnected`: the end user, the provider, Terra or the service ended the connection; `statusReason` says how
 * - `moved`: another end user has connected the account; an operator must check who owns it
 */
export const CONNECTION_STATUSES = [
  'active',
  'needs_reauth',
  'disconnecting',
  'disconnected',
  'moved',
] as const;
export type ConnectionStatus = (typeof CONNECTION_STATUSES)[number];

/** The statuses of live connections, whose Terra user Terra may still have. */
export const LIVE_STATUSES: readonly ConnectionStatus[] = ['active', 'needs_reauth', 'disconnecting'];

/** Whether callers may use a connection with this status. */
export function isInUse(status: ConnectionStatus): boolean {
  return status === 'active' || status === 'needs_reauth';
}

/** The reasons why a connection is not active, by status. */
export const STATUS_REASONS = {
  active: [],
  needs_reauth: ['connection_error', 'inactive', 'missing_scopes', 'provider_retired'],
  disconnecting: ['disconnect_requested'],
  disconnected: ['deauth', 'access_revoked', 'disconnected_by_us', 'absent'],
  moved: ['moved'],
} as const satisfies Record<ConnectionStatus, readonly string[]>;
export type StatusReason = (typeof STATUS_REASONS)[ConnectionStatus][number];

/**
 * Which status may follow which when the service learns of another fact. The reducer computes the status from all facts
 * and does not read this table; the service logs a warning for any other transition. docs/architecture.md has the
 * diagram. A late fact can also revert a status: `disconnected` becomes `active` when a reconnect has superseded the
 * ended user.
 */
export const ALLOWED_TRANSITIONS: Record<ConnectionStatus, readonly ConnectionStatus[]> = {
  active: ['needs_reauth', 'disconnecting', 'disconnected', 'moved'],
  needs_reauth: ['active', 'disconnecting', 'disconnected', 'moved'],
  // The end user has reconnected after the request, and so wants the connection again.
  disconnecting: ['active', 'needs_reauth', 'disconnected', 'moved'],
  // The end user has reconnected as another Terra user, which may be in any state when the service learns of it.
  disconnected: ['active', 'needs_reauth', 'disconnecting', 'moved'],
  moved: ['active', 'needs_reauth'],
};

export function mayBecome(from: ConnectionStatus, to: ConnectionStatus): boolean {
  return ALLOWED_TRANSITIONS[from].includes(to);
}
