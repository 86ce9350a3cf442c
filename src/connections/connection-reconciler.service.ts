import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../common';
import { TerraClient } from '../terra';
import type { NewFact } from './connection-fact';

// Long enough for a Terra that is well, short enough for a person who looks at a blank page.
const ASK_DEADLINE_MS = 4_000;

export type Confirmation =
  | { confirmed: true; fact: NewFact }
  | {
      confirmed: false;
      cause:
        'unknown_user' | 'not_authenticated' | 'other_reference' | 'other_provider' | 'terra_unavailable';
    };

/** Compares what we were told with what Terra says. */
@Injectable()
export class ConnectionReconcilerService {
  private readonly logger = new Logger(ConnectionReconcilerService.name);

  constructor(
    private readonly terra: TerraClient,
    private readonly clock: Clock,
  ) {}

  /**
   * Asks Terra whether a user that somebody named really carries our reference. Call it outside of any transaction. Ends
   * within four seconds; a Terra that does not answer confirms nothing.
   *
   * @param expected `providers` empty: any
   */
  async confirm(
    terraUserId: string,
    expected: { referenceId: string; providers: string[] },
  ): Promise<Confirmation> {
    // Terra's answer is at least as new as the question: dated by its arrival it would outrank news on its way.
    const askedAt = this.clock.now();
    const found = await this.ask(terraUserId);
    if (found === 'terra_unavailable') return { confirmed: false, cause: found };
    if (!found) return { confirmed: false, cause: 'unknown_user' };
    const { user, isAuthenticated } = found;
    if (user.referenceId !== expected.referenceId) return { confirmed: false, cause: 'other_reference' };
    if (!isAuthenticated || user.active === false) return { confirmed: false, cause: 'not_authenticated' };
    if (expected.providers.length > 0 && !expected.providers.includes(user.provider)) {
      return { confirmed: false, cause: 'other_provider' };
    }
    const { provider, scopes } = user;
    const { referenceId } = expected;
    return {
      confirmed: true,
      fact: {
        terraUserId,
        referenceId,
        provider,
        scopes,
        kind: 'linked',
        cause: 'landing',
        source: 'landing',
        version: askedAt,
      },
    };
  }

  private async ask(
    terraUserId: string,
  ): Promise<Awaited<ReturnType<TerraClient['findUser']>> | 'terra_unavailable'> {
    try {
      return await this.terra.findUser(terraUserId, ASK_DEADLINE_MS);
    } catch (error) {
      this.logger.warn({ event: 'reconcile.terra_unavailable', error: (error as Error).name });
      return 'terra_unavailable';
    }
  }
}
