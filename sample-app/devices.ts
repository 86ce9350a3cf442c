import { earlierDevices, isEnded } from './device-state';
import type { EndUser } from './sign-in';
import { isMissing, type Connection, type TerraConnectClient } from './terra-connect-client';

/** The devices of an end user. */
export interface Devices {
  inUse: Connection[];
  /** The ended ones that the end user may want back. */
  earlier: Connection[];
  /** The connections of all ended devices. */
  endedIds: ReadonlySet<string>;
  /** Codes of the providers that succeed an ended provider, by its code. */
  successors: ReadonlyMap<string, string | null>;
}

export const NO_DEVICES: Devices = { inUse: [], earlier: [], endedIds: new Set(), successors: new Map() };

export async function readDevices(terraConnect: TerraConnectClient, user: EndUser): Promise<Devices> {
  const connections = await terraConnect.listConnections(user.referenceId);
  const inUse = connections.filter((one) => !isEnded(one));
  const retired = inUse.filter(({ statusReason }) => statusReason === 'provider_retired');
  const successors = new Map<string, string | null>();
  for (const provider of new Set(retired.map((one) => one.provider)))
    successors.set(provider, await terraConnect.successorOf(provider));
  const endedIds = new Set(connections.filter(isEnded).map(({ id }) => id));
  return { inUse, earlier: earlierDevices(connections), endedIds, successors };
}

/**
 * The connection of the end user with this id. The id comes from the browser: without the check of the reference, one end
 * user could end or reconnect the connection of another.
 */
export async function findConnection(
  terraConnect: TerraConnectClient,
  { referenceId }: EndUser,
  id: string,
): Promise<Connection | null> {
  try {
    const connection = await terraConnect.getConnection(id);
    return connection.referenceId === referenceId ? connection : null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
