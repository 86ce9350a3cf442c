import type { ConnectionState } from './expectation';

/** What the sender was told, and what the database holds in the end. */
export interface Evidence {
  /** Trace ids of everything that was answered with a 2xx. */
  acknowledged: Iterable<string>;
  /** A row of the inbox each. */
  stored: { traceId: string; status: string }[];
  /** Those that stand for themselves: not merged into another. */
  connections: ConnectionState[];
}

/** What can be wrong, in words for a person. */
export const FAULTS = {
  missingEvents: 'acknowledged events missing',
  eventsStoredTwice: 'events stored twice',
  unfinishedEvents: 'events not worked off',
  deadEvents: 'events dead',
  missingEffects: 'effects missing',
  doubledEffects: 'effects applied twice',
  mismatches: 'connections in a wrong state',
} as const;

/** For each fault a line for each time that it was found. */
export type Verdict = Record<keyof typeof FAULTS, string[]>;

const FINAL = ['done', 'ignored'];

export function judge(expected: ConnectionState[], evidence: Evidence): Verdict {
  const { stored } = evidence;
  const rows = groupBy(stored, ({ traceId }) => traceId);
  const those = (matches: (status: string) => boolean): string[] =>
    stored.filter(({ status }) => matches(status)).map(({ traceId, status }) => `${traceId}: ${status}`);
  return {
    missingEvents: [...evidence.acknowledged].filter((traceId) => !rows.has(traceId)),
    eventsStoredTwice: [...rows].filter(([, same]) => same.length > 1).map(([traceId]) => traceId),
    unfinishedEvents: those((status) => status !== 'dead_lettered' && !FINAL.includes(status)),
    deadEvents: those((status) => status === 'dead_lettered'),
    ...judgeConnections(expected, evidence.connections),
  };
}

export function isRight(verdict: Verdict): boolean {
  return Object.values(verdict).every((lines) => lines.length === 0);
}

function judgeConnections(
  expected: ConnectionState[],
  found: ConnectionState[],
): Pick<Verdict, 'missingEffects' | 'doubledEffects' | 'mismatches'> {
  const [missingEffects, doubledEffects, mismatches]: [string[], string[], string[]] = [[], [], []];
  const left = groupBy(found, accountOf);
  for (const wanted of expected) {
    const account = accountOf(wanted);
    const candidates = left.get(account) ?? [];
    left.delete(account);
    const match = candidates.find((each) => describe(each) === describe(wanted)) ?? candidates[0];
    for (const other of candidates) {
      if (other !== match) doubledEffects.push(`${account}: ${describe(other)} as well`);
    }
    if (!match) {
      missingEffects.push(`${account}: ${describe(wanted)}`);
      continue;
    }
    const missing = without(wanted.news, match.news);
    const doubled = without(match.news, wanted.news);
    missingEffects.push(...missing.map((line) => `${account}: ${line}`));
    doubledEffects.push(...doubled.map((line) => `${account}: ${line}`));
    const sameLines = missing.length + doubled.length === 0;
    if (describe(match) !== describe(wanted) || (sameLines && match.news.join() !== wanted.news.join())) {
      mismatches.push(`${account}: ${describe(match)} instead of ${describe(wanted)}`);
    }
  }
  for (const [account, strangers] of left) {
    for (const stranger of strangers) doubledEffects.push(`${account}: ${describe(stranger)} out of nothing`);
  }
  return { missingEffects, doubledEffects, mismatches };
}

/** What is in the list once more than in the other. */
function without(list: string[], other: string[]): string[] {
  const rest = [...other];
  return list.filter((each) => {
    const place = rest.indexOf(each);
    if (place >= 0) rest.splice(place, 1);
    return place < 0;
  });
}

function accountOf({ referenceId, provider }: ConnectionState): string {
  return `${referenceId}/${provider}`;
}

function describe({ terraUserId, status, statusReason, scopes, terraUserIds }: ConnectionState): string {
  const why = statusReason ? ` (${statusReason})` : '';
  return `${terraUserId} ${status}${why} [${scopes.join()}] of [${terraUserIds.join()}]`;
}

function groupBy<T>(list: T[], keyOf: (each: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const each of list) {
    const key = keyOf(each);
    const group = groups.get(key);
    if (group) group.push(each);
    else groups.set(key, [each]);
  }
  return groups;
}
