import { sha256 } from '../../common';
import type { ErasedKind } from './tombstone.entity';

const DIGITS = 32;
const PSEUDONYM = new RegExp(`^erased:[0-9a-f]{${DIGITS}}$`);

/** Returns the digest by which a tombstone is found, so that the table does not contain the erased id. */
export function tombstoneDigest(kind: ErasedKind, id: string): Buffer {
  return sha256(`${kind}:${id}`);
}

/**
 * Returns the pseudonym that replaces an erased id in rows that another end user's history needs. Equal ids have equal
 * pseudonyms, so that rows about one account still match. A pseudonym does not reveal the id, and is returned
 * unchanged.
 */
export function pseudonymOf(kind: ErasedKind, id: string): string {
  return PSEUDONYM.test(id) ? id : `erased:${tombstoneDigest(kind, id).toString('hex').slice(0, DIGITS)}`;
}
