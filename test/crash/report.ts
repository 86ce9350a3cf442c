import type { TerraSender } from '../stage/terra-sender';
import { FAULTS, hasPassed, type Evidence, type CheckResult } from './check';

export interface Report {
  accounts: number;
  deliveries: number;
  unacknowledged: number;
  sender: TerraSender;
  stored: Evidence['stored'];
  serviceKills: number;
  serviceOwnExits: number;
  postgresKills: number;
  result: CheckResult;
  tookMs: Record<string, number>;
}

const EXAMPLES = 10;

export function succeeded({ unacknowledged, result }: Report): boolean {
  return unacknowledged === 0 && hasPassed(result);
}

export function describeReport(report: Report): string {
  const { sender, result } = report;
  const counts: [string, number | string][] = [
    ['accounts', report.accounts],
    ['deliveries', report.deliveries],
    ['acknowledged', sender.acknowledged.size],
    ['never acknowledged', report.unacknowledged],
    ['attempts', sender.attempts.length],
    ['repeats sent', sender.repeats],
    ['answers', tally(sender.attempts.map(({ status }) => String(status ?? 'none')))],
    ['kill -9 of the service', report.serviceKills],
    ['exits without Postgres', report.serviceOwnExits],
    ['kill -9 of Postgres', report.postgresKills],
    ['final event statuses', tally(report.stored.map(({ status }) => status))],
    ...Object.entries(FAULTS).map(([fault, words]): [string, number] => [
      words,
      result[fault as keyof CheckResult].length,
    ]),
    ...Object.entries(report.tookMs).map(([name, ms]): [string, string] => [
      name,
      `${(ms / 1_000).toFixed(1)} s`,
    ]),
  ];
  const examples = Object.entries(result).flatMap(([fault, lines]) => [
    ...lines.slice(0, EXAMPLES).map((line) => `  ${FAULTS[fault as keyof CheckResult]}: ${line}`),
    ...(lines.length > EXAMPLES ? [`  … and ${lines.length - EXAMPLES} more`] : []),
  ]);
  return [...counts.map(([name, count]) => `  ${name.padEnd(30)}${count}`), ...examples].join('\n');
}

function tally(words: string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .sort()
    .map(([word, count]) => `${count} × ${word}`)
    .join(', ');
}
