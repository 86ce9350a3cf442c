import { validate as isUuid } from 'uuid';
import { RequestInvalidError } from '../common';

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** A cursor is the encoded id of the last item on the page. Ids are time-ordered, so they also order the list. */
function encodeCursor(id: string): string {
  return Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
}

/** @throws CursorUnknownError when the text is not one of our cursors */
export function decodeCursor(cursor: unknown): string {
  const hex = typeof cursor === 'string' ? Buffer.from(cursor, 'base64url').toString('hex') : '';
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  if (!isUuid(id)) throw new CursorUnknownError();
  return id;
}

export class CursorUnknownError extends RequestInvalidError {
  constructor() {
    super([{ field: 'cursor', detail: 'is not a cursor that this list has given out' }]);
  }
}

/** Makes a page of rows that were read with one row more than the limit: the extra row shows that more follow. */
export function toPage<T extends { id: string }>(rows: T[], limit: number): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? encodeCursor(last.id) : null };
}
