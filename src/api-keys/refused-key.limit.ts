import { Injectable } from '@nestjs/common';
import { RecentMap } from '../common';
import { RateLimits } from '../rate-limits';
import { ApiKeyInvalidError } from './api-keys.errors';

const REMEMBERED_KEYS = 1_000;

/**
 * T-21: limits how often an address may guess keys, before the guess costs a query.
 *
 * Callers can share an address, for example behind a proxy that TRUSTED_PROXIES does not list. So the limit does not apply to
 * a key that this process has accepted before: an attacker, or one caller with a wrong key, cannot lock the other callers
 * out. Only during an attack, a new process can make a caller at the attacker's address wait for its first answer.
 */
@Injectable()
export class RefusedKeyLimit {
  private readonly accepted = new RecentMap<true>(REMEMBERED_KEYS);

  constructor(private readonly limits: RateLimits) {}

  /**
   * Runs `authenticate`. Only a key that it rejects counts.
   *
   * @throws RateLimitedError, and the errors of `authenticate`
   */
  async apply<Caller>(
    address: string,
    keyHash: Buffer,
    authenticate: () => Promise<Caller>,
  ): Promise<Caller> {
    const digest = keyHash.toString('latin1');
    const isKnown = this.accepted.get(digest) !== undefined;
    const { refusedKeys } = this.limits;
    // Counts before the query and gives back afterwards. Otherwise simultaneous guesses would all run their query.
    if (!isKnown) refusedKeys.take(address);
    try {
      const caller = await authenticate();
      this.accepted.set(digest, true);
      if (!isKnown) refusedKeys.giveBack(address);
      return caller;
    } catch (error) {
      if (error instanceof ApiKeyInvalidError) this.accepted.delete(digest);
      // Postgres does not answer, for example. The key may be right.
      else if (!isKnown) refusedKeys.giveBack(address);
      throw error;
    }
  }
}
