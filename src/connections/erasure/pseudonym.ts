import { tombstoneDigest } from '../projection/connection-fact.repository';

const DIGITS = 32;
const ERASED = new RegExp(`^erased:[0-9a-f]{${DIGITS}}$`);

/**
 * What takes the place of an erased id where a row is still needed: the same for the same id, so that rows that were
 * about one account still are, and not to be read back. Of such a name: itself.
 */
export function pseudonymOf(kind: 'end_user' | 'terra_user', id: string): string {
  return ERASED.test(id) ? id : `erased:${tombstoneDigest(kind, id).toString('hex').slice(0, DIGITS)}`;
}
