type Cell = string | number | null | undefined;

/** A row of a table; the keys are the headings. */
type Row = Record<string, Cell>;

const GAP = '  ';
// Terminals show these in two columns.
const WIDE =
  /\p{Emoji_Presentation}|\ufe0f|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|[\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;
// Terra's texts and reference ids reach the terminal: they must not move its cursor or reverse its text.
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const graphemes = new Intl.Segmenter();

/** Prints rows as columns of text, or the text for none. */
export function printTable(rows: Row[], none: string): void {
  console.log(rows.length === 0 ? none : formatTable(rows));
}

export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}

export function formatTable(rows: Row[]): string {
  const headings = Object.keys(rows[0] ?? {});
  const lines = [
    headings.map((heading) => heading.toUpperCase()),
    ...rows.map((row) => headings.map((heading) => printable(row[heading]))),
  ];
  const widths = headings.map((_, column) =>
    lines.reduce((widest, line) => Math.max(widest, widthOf(line[column] ?? '')), 0),
  );
  const padded = (cell: string, column: number): string =>
    cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell));
  return lines.map((line) => line.map(padded).join(GAP).trimEnd()).join('\n');
}

function printable(cell: Cell): string {
  const text = String(cell ?? '').replace(UNPRINTABLE, '\ufffd');
  return text === '' ? '-' : text;
}

function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}
