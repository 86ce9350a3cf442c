import type { Connection, ConnectionIdentity, KnownTerraUser } from '../../src/connections';
import type { ListedUser, Observation } from '../../src/reconciliation/terra-diff';

export const HOUR = 3_600_000;
export const askedAt = new Date('2026-11-24T12:00:00.000Z');
export const ago = (hours: number): Date => new Date(askedAt.getTime() - hours * HOUR);
export const observation: Observation = { askedAt, source: 'reconcile', actor: 'schedule' };

export const listed = (change: Partial<ListedUser> = {}): ListedUser => ({
  terraUserId: 'u-1',
  provider: 'GARMIN',
  referenceId: 'person',
  scopes: ['A', 'B'],
  active: true,
  createdAt: ago(48),
  lastWebhookUpdate: null,
  ...change,
});
export const known = (
  identity: Partial<ConnectionIdentity> = {},
  connection: Partial<Connection> | null = {},
): KnownTerraUser => ({
  identity: {
    terraUserId: 'u-1',
    connectionId: 'c-1',
    referenceId: 'person',
    provider: 'GARMIN',
    cause: 'auth',
    firstSeenAt: ago(48),
    linkedAt: ago(48),
    supersededBy: null,
    supersededAt: null,
    endedAt: null,
    endedCause: null,
    missingSince: null,
    inactiveSince: null,
    ...identity,
  },
  connection:
    connection &&
    ({
      id: 'c-1',
      terraUserId: 'u-1',
      status: 'active',
      statusReason: null,
      statusAt: ago(48),
      scopes: ['B', 'A'],
      ...connection,
    } as Connection),
});
export const failing = {
  status: 'needs_reauth',
  statusReason: 'connection_error',
  statusAt: ago(5),
} as const;
