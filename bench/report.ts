import { table } from './figures';

/** A table of the report. */
interface Section {
  title: string;
  note?: string;
  head: string[];
  rows: string[][];
}

/** A target of the project, and what this run measured. */
interface Goal {
  name: string;
  target: string;
  measured: string;
  met: boolean;
}

export interface PartReport {
  sections: Section[];
  goals: Goal[];
}

export interface Report extends PartReport {
  /** One line about the machine and the run. */
  run: string;
}

const GOALS_HEAD = ['goal', 'target', 'measured', ''];

export function render(report: Report, format: 'text' | 'markdown' | 'json'): string {
  if (format === 'json') return JSON.stringify(report, null, 2);
  const goals: Section = {
    title: 'Goals',
    head: GOALS_HEAD,
    rows: report.goals.map(({ name, target, measured, met }) => [
      name,
      target,
      measured,
      met ? 'met' : 'MISSED',
    ]),
  };
  const sections = [...(report.goals.length > 0 ? [goals] : []), ...report.sections];
  const asText = format === 'markdown' ? toMarkdown : toText;
  return [report.run, ...sections.map(asText)].join('\n\n');
}

function toText({ title, note, head, rows }: Section): string {
  return [title, ...(note === undefined ? [] : [note]), table(head, rows)].join('\n');
}

function toMarkdown({ title, note, head, rows }: Section): string {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'));
  const grid = [line(head), line(rule), ...rows.map(line)].join('\n');
  return [`### ${title}`, ...(note === undefined ? [] : [note]), grid].join('\n\n');
}
