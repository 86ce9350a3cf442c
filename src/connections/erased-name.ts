import { tombstoneDigest } from './connection-fact.repository';

const DIGITS = 32;

/**
 * What takes the place of an erased id where a row is still needed: the same for the same id, so that rows that were
 * about one account still are, and not to be read back.
 */
export function erasedName(kind: 'end_user' | 'terra_user', id: string): string {
  return `erased:${tombstoneDigest(kind, id).toString('hex').slice(0, DIGITS)}`;
}
