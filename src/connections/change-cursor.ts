import { validate as isUuid } from 'uuid';
import { CursorUnknownError } from '../http';

/** The place of a connection in the order of changes. */
export interface ChangePlace {
  /** When the connection changed, in microseconds since 1970: Postgres stores them. */
  micros: number;
  id: string;
}

const FORMAT = /^c1-([0-9a-z]{1,11})-([0-9a-f-]{36})$/;
const BASE = 36;

// Before every id that the service creates.
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/** The place before every connection that changed at this time or later. Postgres does not read every early year. */
export function placeBefore(time: Date): ChangePlace {
  return { micros: Math.max(0, time.getTime()) * 1_000, id: FIRST_ID };
}

/** A place as text for callers. The format may change, and anyone can make one: it gives no rights. */
export function encodeChangeCursor({ micros, id }: ChangePlace): string {
  return `c1-${micros.toString(BASE)}-${id}`;
}

/** @throws CursorUnknownError */
export function decodeChangeCursor(cursor: string): ChangePlace {
  const [, time = '', id = ''] = FORMAT.exec(cursor) ?? [];
  const micros = parseInt(time, BASE);
  if (!Number.isSafeInteger(micros) || !isUuid(id)) throw new CursorUnknownError();
  return { micros, id };
}

/** The time of a place for Postgres. */
export function timestampOf({ micros }: ChangePlace): string {
  const [ms, rest] = [Math.floor(micros / 1_000), micros % 1_000];
  return new Date(ms).toISOString().replace('Z', `${String(rest).padStart(3, '0')}Z`);
}
