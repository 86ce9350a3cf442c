import type { Rounds } from '../rounds';
import type { Harness } from '../harness';
import { targetsOf, type Comparison } from './comparison';
import { expectSameAnswer } from './same-answer';
import type { Servers } from './start-up';

/** Measures `GET /v1/connections?referenceId=`: the connections of one end user. */
export async function measureConnections(
  harness: Harness,
  rounds: Rounds,
  servers: Servers,
): Promise<Comparison> {
  await harness.checkpoint();
  await expectSameAnswer('connections', harness.credentials, servers);
  const outcomes = await rounds.alternate('connections', targetsOf(servers));
  const connections = await harness.databases.baseline.count('connections');
  return { name: `connection look-up among ${connections.toLocaleString('en-US')}`, ...outcomes };
}
