import type { TerraSender } from '../stage/terra-sender';
import { FAULTS, isRight, type Evidence, type Verdict } from './verdict';

export interface Report {
  accounts: number;
  deliveries: number;
  unacknowledged: number;
  sender: TerraSender;
  stored: Evidence['stored'];
  serviceKills: number;
  serviceOwnExits: number;
  postgresKills: number;
  verdict: Verdict;
  tookMs: Record<string, number>;
}

const EXAMPLES = 10;

export function succeeded({ unacknowledged, verdict }: Report): boolean {
  return unacknowledged === 0 && isRight(verdict);
}

export function describeReport(report: Report): string {
  const { sender, verdict } = report;
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
      verdict[fault as keyof Verdict].length,
    ]),
    ...Object.entries(report.tookMs).map(([name, ms]): [string, string] => [
      name,
      `${(ms / 1_000).toFixed(1)} s`,
    ]),
  ];
  const examples = Object.entries(verdict).flatMap(([fault, lines]) => [
    ...lines.slice(0, EXAMPLES).map((line) => `  ${FAULTS[fault as keyof Verdict]}: ${line}`),
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
