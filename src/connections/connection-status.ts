/**
 * - `active` Terra sends this account's data
 * - `needs_reauth` the provider refuses Terra, or the person has taken away what is needed: ask them to connect again
 * - `disconnecting` somebody asked for its end; from that moment it counts as ended, Terra has not confirmed yet
 * - `disconnected` ended, by the person, the provider, Terra or us; `statusReason` says by what
 * - `moved` the account was connected anew under another end user's reference: a person has to look at it
 */
export const CONNECTION_STATUSES = [
  'active',
  'needs_reauth',
  'disconnecting',
  'disconnected',
  'moved',
] as const;
export type ConnectionStatus = (typeof CONNECTION_STATUSES)[number];

/** Statuses in which Terra may still hold the account. */
export const LIVE_STATUSES: readonly ConnectionStatus[] = ['active', 'needs_reauth', 'disconnecting'];

/** Why a connection is not active. */
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
 * table is what we expect of it, and the diagram of docs/architecture.md. News that comes late may take the place of
 * what came before it: `disconnected` becomes `active` when its Terra user turns out to have been superseded.
 */
export const ALLOWED_TRANSITIONS: Record<ConnectionStatus, readonly ConnectionStatus[]> = {
  active: ['needs_reauth', 'disconnecting', 'disconnected', 'moved'],
  needs_reauth: ['active', 'disconnecting', 'disconnected', 'moved'],
  // Connected anew after the request: the person wants it again.
  disconnecting: ['active', 'needs_reauth', 'disconnected', 'moved'],
  // Connected anew under another Terra user, which may itself be in any state when we learn of it.
  disconnected: ['active', 'needs_reauth', 'disconnecting', 'moved'],
  moved: ['active', 'needs_reauth'],
};

export function mayBecome(from: ConnectionStatus, to: ConnectionStatus): boolean {
  return ALLOWED_TRANSITIONS[from].includes(to);
}
