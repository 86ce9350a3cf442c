import type { ConnectionState } from './expectation';

/** The acknowledgements that the sender received, and the final content of the database. */
export interface Evidence {
  /** Trace ids of all deliveries that the service answered with a 2xx. */
  acknowledged: Iterable<string>;
  /** One entry per row of the inbox. */
  stored: { traceId: string; status: string }[];
  /** All connections that are not merged into another one. */
  connections: ConnectionState[];
}

/** Every kind of fault, with its label in the report. */
export const FAULTS = {
  missingEvents: 'acknowledged events missing',
  eventsStoredTwice: 'events stored twice',
  unfinishedEvents: 'events not processed',
  deadLetters: 'dead letters',
  missingEffects: 'effects missing',
  duplicateEffects: 'effects applied twice',
  mismatches: 'connections in a wrong state',
} as const;

/** One line per occurrence, by kind of fault. */
export type CheckResult = Record<keyof typeof FAULTS, string[]>;

const FINAL = ['done', 'ignored'];

export function checkEvidence(expected: ConnectionState[], evidence: Evidence): CheckResult {
  const { stored } = evidence;
  const rows = groupBy(stored, ({ traceId }) => traceId);
  const linesOf = (matches: (status: string) => boolean): string[] =>
    stored.filter(({ status }) => matches(status)).map(({ traceId, status }) => `${traceId}: ${status}`);
  return {
    missingEvents: [...evidence.acknowledged].filter((traceId) => !rows.has(traceId)),
    eventsStoredTwice: [...rows].filter(([, same]) => same.length > 1).map(([traceId]) => traceId),
    unfinishedEvents: linesOf((status) => status !== 'dead_lettered' && !FINAL.includes(status)),
    deadLetters: linesOf((status) => status === 'dead_lettered'),
    ...checkConnections(expected, evidence.connections),
  };
}

export function hasPassed(result: CheckResult): boolean {
  return Object.values(result).every((lines) => lines.length === 0);
}

function checkConnections(
  expected: ConnectionState[],
  found: ConnectionState[],
): Pick<CheckResult, 'missingEffects' | 'duplicateEffects' | 'mismatches'> {
  const [missingEffects, duplicateEffects, mismatches]: [string[], string[], string[]] = [[], [], []];
  const left = groupBy(found, accountOf);
  for (const expectedState of expected) {
    const account = accountOf(expectedState);
    const candidates = left.get(account) ?? [];
    left.delete(account);
    const match = candidates.find((each) => describe(each) === describe(expectedState)) ?? candidates[0];
    for (const other of candidates) {
      if (other !== match) duplicateEffects.push(`${account}: ${describe(other)}, in addition`);
    }
    if (!match) {
      missingEffects.push(`${account}: ${describe(expectedState)}`);
      continue;
    }
    const missing = without(expectedState.history, match.history);
    const duplicates = without(match.history, expectedState.history);
    missingEffects.push(...missing.map((line) => `${account}: ${line}`));
    duplicateEffects.push(...duplicates.map((line) => `${account}: ${line}`));
    const sameLines = missing.length + duplicates.length === 0;
    if (
      describe(match) !== describe(expectedState) ||
      (sameLines && match.history.join() !== expectedState.history.join())
    ) {
      mismatches.push(`${account}: ${describe(match)} instead of ${describe(expectedState)}`);
    }
  }
  for (const [account, unexpected] of left) {
    for (const connection of unexpected)
      duplicateEffects.push(`${account}: ${describe(connection)}, not expected`);
  }
  return { missingEffects, duplicateEffects, mismatches };
}

/** The elements of `list` that `other` lacks. An element that occurs several times counts each time. */
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
