import type { TerraUser } from '../../terra';
import type { Connection } from '../connection.entity';
import type { ConnectionIdentity } from '../projection/connection-identity.entity';
import { SAME_MOMENT_MS } from '../projection/successions';

/** Which Terra user may have replaced which others of the same end user and provider. */
export interface ReplacementQuestion {
  next: ConnectionIdentity;
  olds: OldUser[];
}

interface OldUser {
  terraUserId: string;
  /** Whether the service requested the end of this Terra user. Then only Terra's own report shows a reconnect. */
  endRequested: boolean;
}

/** What Terra's answer says about a Terra user. A Terra user that collects no data may be live or half removed. */
export type Presence = 'live' | 'absent' | 'unknown';

export type ReplacementAnswer = { replaced: string } | 'separate' | 'unknown';

/** The number of old Terra users about which the service asks Terra. An end user with more has separate accounts. */
const MAX_ASKED = 5;

/**
 * Says about which Terra users to ask Terra, so that a provisional connection becomes one of its own or continues another.
 * The Terra user that was linked last is the new one. Facts may arrive late, so it need not be that of the connection.
 *
 * @param connection the provisional connection
 * @param identities all Terra users of its connection key
 * @param connections the connections of the key, by id
 * @returns null if there is nothing to ask
 */
export function questionAbout(
  connection: Pick<Connection, 'terraUserId'>,
  identities: ConnectionIdentity[],
  connections: Map<string, Pick<Connection, 'status' | 'statusReason'>>,
): ReplacementQuestion | null {
  const linked = identities.filter(({ linkedAt, supersededBy }) => linkedAt && !supersededBy);
  const [next, ...earlier] = linked.sort(newestFirst);
  if (!next?.linkedAt || next.endedAt) return null;
  const since = next.linkedAt.getTime() - SAME_MOMENT_MS;
  const olds = earlier
    .filter(({ endedAt }) => endedAt === null || endedAt.getTime() >= since)
    .filter(({ terraUserId }) => [terraUserId, next.terraUserId].includes(connection.terraUserId))
    .map((old) => ({
      terraUserId: old.terraUserId,
      endRequested: isEndRequested(connections.get(old.connectionId ?? '')),
    }));
  return olds.length === 0 || olds.length > MAX_ASKED ? null : { next, olds };
}

/** Reads Terra's answer about a Terra user; null: Terra does not know it. */
export function presenceOf(found: { user: TerraUser; isAuthenticated: boolean } | null): Presence {
  if (found === null) return 'absent';
  return found.isAuthenticated && found.user.active !== false ? 'live' : 'unknown';
}

/**
 * Decides from Terra's answers. Terra answers 404 to an unknown user and to a wrong dev-id, so an absence counts only
 * while Terra knows the new Terra user, and only if the service has not requested the end. If several old ones are absent,
 * nothing says which one was replaced.
 */
export function decide(next: Presence, olds: (OldUser & { presence: Presence })[]): ReplacementAnswer {
  const isUnclear = olds.some(
    ({ presence, endRequested }) => presence === 'unknown' || (presence === 'absent' && endRequested),
  );
  if (next !== 'live' || isUnclear) return 'unknown';
  const [absent, another] = olds.filter(({ presence }) => presence === 'absent');
  return absent && !another ? { replaced: absent.terraUserId } : 'separate';
}

function isEndRequested(connection: Pick<Connection, 'status' | 'statusReason'> | undefined): boolean {
  return connection?.status === 'disconnecting' || connection?.statusReason === 'disconnected_by_us';
}

function newestFirst(a: ConnectionIdentity, b: ConnectionIdentity): number {
  return (
    (b.linkedAt?.getTime() ?? 0) - (a.linkedAt?.getTime() ?? 0) || (a.terraUserId < b.terraUserId ? 1 : -1)
  );
}
