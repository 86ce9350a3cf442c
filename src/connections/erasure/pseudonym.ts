import { sha256 } from '../../common';
import type { ErasedKind } from './tombstone.entity';

const DIGITS = 32;
const PSEUDONYM = new RegExp(`^erased:[0-9a-f]{${DIGITS}}$`);

/** Finds a tombstone by the erased id without storing the id. */
export function tombstoneDigest(kind: ErasedKind, id: string): Buffer {
  return sha256(`${kind}:${id}`);
}

/**
 * Replaces an erased id in rows that other end users' history still needs. Equal ids give equal pseudonyms, so that rows
 * about one account still match; the id cannot be read from it. A pseudonym stays as it is.
 */
export function pseudonymOf(kind: ErasedKind, id: string): string {
  return PSEUDONYM.test(id) ? id : `erased:${tombstoneDigest(kind, id).toString('hex').slice(0, DIGITS)}`;
}
