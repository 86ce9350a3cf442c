import type { Rounds } from '../rounds';
import type { Stage } from '../stage';
import { sidesOf, type Comparison } from './comparison';
import { expectSameAnswer } from './same-answer';
import type { Servers } from './start-up';

/** `GET /v1/connections?referenceId=`: which Terra users belong to one of our users. */
export async function measureConnections(
  stage: Stage,
  rounds: Rounds,
  servers: Servers,
): Promise<Comparison> {
  await stage.settle();
  await expectSameAnswer('connections', stage.credentials, servers);
  const outcomes = await rounds.alternate('connections', sidesOf(servers));
  const connections = await stage.databases.peer.count('connections');
  return { name: `connection look-up among ${connections.toLocaleString('en-US')}`, ...outcomes };
}
