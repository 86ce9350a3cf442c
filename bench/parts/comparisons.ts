import type { ServerName } from '../harness';
import { ratioOf, type Outcome } from '../rounds';
import type { WorkloadName } from '../workloads';
import { atLeast, COMPARISON_HEAD, comparisonRows, targetsOf, withServers, type Part } from './part';

interface Comparison {
  workload: WorkloadName;
  title: string;
  note: string;
  goal: { name: string; target: number };
}

/** A part that gives the same load to the service and to each peer, in turns. */
function comparison({ workload, title, note, goal }: Comparison): Part {
  return (bench) =>
    withServers(bench, async (servers) => {
      const outcomes = await bench.rounds.alternate(workload, targetsOf(bench, servers));
      if (workload === 'deliveries') await expectEvents(servers, outcomes);
      return {
        sections: [{ title, note, head: COMPARISON_HEAD, rows: comparisonRows(outcomes) }],
        goals: [atLeast(goal.name, ratioOf(outcomes.service, outcomes.bare), goal.target)],
      };
    });
}

/** Throws unless each server has stored every delivery that it has accepted. */
async function expectEvents(
  servers: Parameters<Parameters<typeof withServers>[1]>[0],
  outcomes: Record<ServerName, Outcome>,
): Promise<void> {
  for (const [name, { database }] of Object.entries(servers)) {
    const accepted = outcomes[name as ServerName].requests;
    const stored = await database.countEvents();
    if (stored < accepted) throw new Error(`${name} accepted ${accepted} deliveries and stored ${stored}.`);
  }
}

export const accept: Part = comparison({
  workload: 'deliveries',
  title: 'Accept',
  note: 'Signed deliveries, each answered after its commit: 80 % health data of 3 KB, 12 % auth, 8 % deauth and connection_error. The service only stores them here; express also applies them, in the request.',
  goal: { name: 'accept, ratio to the bare peer', target: 1 },
});

export const lookup: Part = comparison({
  workload: 'connections',
  title: 'Look-up',
  note: 'GET /v1/connections?referenceId=…: the two connections of one end user, with an API key. The service remembers active keys (API_KEY_CACHE_SECONDS); the peers read the key in a statement of its own.',
  goal: { name: 'look-up, ratio to the bare peer', target: 0.8 },
});

export const sessions: Part = comparison({
  workload: 'sessions',
  title: 'Session creation',
  note: 'POST /v1/connect-sessions: a commit, a call of Terra (the sandbox, which answers at once), a second commit.',
  goal: { name: 'session creation, ratio to the bare peer', target: 0.7 },
});
