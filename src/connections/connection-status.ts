/**
 * - `active` Terra sends this account's data
 * - `error` the provider refuses Terra at the moment; the person should connect again, nothing is lost yet
 * - `revoked` ended, by the person, the provider, Terra or us; never comes back under the same Terra user
 */
export const CONNECTION_STATUSES = ['active', 'error', 'revoked'] as const;
export type ConnectionStatus = (typeof CONNECTION_STATUSES)[number];

/** Which status may follow which. What is not listed is not done, whoever asks for it. */
export const ALLOWED_TRANSITIONS: Record<ConnectionStatus, readonly ConnectionStatus[]> = {
  active: ['error', 'revoked'],
  error: ['active', 'revoked'],
  // Only a new Terra user, taking over by `user_reauth`, brings a revoked connection back.
  revoked: ['active'],
};

export function mayBecome(from: ConnectionStatus, to: ConnectionStatus): boolean {
  return ALLOWED_TRANSITIONS[from].includes(to);
}
