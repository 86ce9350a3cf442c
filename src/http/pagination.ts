import { validate as isUuid } from 'uuid';
import { RequestInvalidError } from '../common';

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

/** Encodes the id of the last item on a page as a cursor, so that the next page starts after this item. */
function encodeCursor(id: string): string {
  return Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
}

/** @throws CursorUnknownError when the text is not an encoded id */
export function decodeCursor(cursor: unknown): string {
  const hex = typeof cursor === 'string' ? Buffer.from(cursor, 'base64url').toString('hex') : '';
  const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  if (!isUuid(id)) throw new CursorUnknownError();
  return id;
}

export class CursorUnknownError extends RequestInvalidError {
  constructor() {
    super([{ field: 'cursor', detail: 'is not a `nextCursor` of this list' }]);
  }
}

/** Makes a page. The caller must read `limit + 1` rows: the extra row shows that another page follows. */
export function toPage<T extends { id: string }>(rows: T[], limit: number): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? encodeCursor(last.id) : null };
}
