const FORMAT = /^e1-([0-9a-z]{1,11})$/;
const BASE = 36;

/** A place in the log, as text for callers. The format may change, and anyone can make one: it gives no rights. */
export function encodeCursor(position: number): string {
  return `e1-${position.toString(BASE)}`;
}

/** @returns null when the text is no cursor */
export function decodeCursor(cursor: string): number | null {
  const digits = FORMAT.exec(cursor)?.[1];
  const position = digits === undefined ? NaN : parseInt(digits, BASE);
  return Number.isSafeInteger(position) ? position : null;
}
