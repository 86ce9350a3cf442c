import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Clock } from '../../common';
import { afterCommit } from '../../database';
import { EventLog } from '../../events';
import { Metrics } from '../../observability';
import { TerraClient } from '../../terra';
import { eventOf } from '../connection-events';
import type { Connection } from '../connection.entity';
import type { NewFact } from '../projection/connection-fact';
import { ConnectionLifecycleService } from '../projection/connection-lifecycle.service';
import {
  ProvisionalConnectionRepository,
  type ProvisionalConnection,
} from './provisional-connection.repository';
import {
  decide,
  presenceOf,
  questionAbout,
  type Presence,
  type ReplacementAnswer,
  type ReplacementQuestion,
} from './replacement-decision';

/**
 * How long a connection stays provisional. Terra sends `user_reauth` together with `auth`, usually within a second, and
 * answers within one. The end user waits at a blank page meanwhile, and the whole return takes at most ten seconds (R5).
 */
const PROVISIONAL_MS = 5_000;
// Terra may remove the old Terra user a moment after it has linked the new one, so "both are live" must be said twice.
const LOOK_AGAIN_MS = 1_000;
const LOOKS = 2;
// Longer than a check takes: if it is not settled by then, its process has died.
const LEASE_MS = 15_000;

/**
 * Settles provisional connections. Terra gives an account a new Terra user at each reconnect and may report the swap late
 * or never. So a second live connection of the same end user and provider stays hidden until the service knows whether it
 * continues the first one.
 */
@Injectable()
export class ProvisionalConnectionsService {
  private readonly logger = new Logger(ProvisionalConnectionsService.name);

  constructor(
    private readonly repository: ProvisionalConnectionRepository,
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly terra: TerraClient,
    private readonly events: EventLog,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  /** Takes connections that no other process checks at the moment. */
  takeDue(limit: number): Promise<string[]> {
    return this.repository.takeDue(this.clock.now(), this.leaseEnd(), limit);
  }

  /** Keeps the worker away from a connection that the caller settles now. */
  take(id: string): Promise<void> {
    return this.repository.lease(id, this.leaseEnd());
  }

  /**
   * Asks Terra whether the connection's Terra user has replaced another. Ends early when an event answers the question.
   * Call it outside of any transaction.
   *
   * @returns the fact to record with {@link announce}; null: the connection is one of its own, or is settled already
   */
  async findReplacement(id: string): Promise<NewFact | null> {
    let deadline: number | null = null;
    for (let live = 0; ;) {
      const found = await this.repository.read(id);
      const question = found && questionOf(found);
      if (!question) return null;
      deadline ??= Date.now() + this.remainingMs(found.connection.createdAt);
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) return null;
      const answer = await this.ask(question, leftMs);
      if (typeof answer === 'object') return replacementFact(found, question, answer.replaced);
      live = answer === 'separate' ? live + 1 : 0;
      if (live === LOOKS) return null;
      await sleep(Math.max(0, Math.min(LOOK_AGAIN_MS, deadline - Date.now())));
    }
  }

  /** Records the replacement, if there is one, and makes the connection visible. @returns null if it was not provisional */
  async announce(
    manager: EntityManager,
    id: string,
    replacement: NewFact | null,
  ): Promise<Connection | null> {
    // A callback may have read just now that the connection is provisional. The lock waits until its session is linked, so
    // that this transaction completes the session; a later callback reads that the connection is not provisional.
    const members = await this.repository.terraUsersOf(manager, id);
    const replaced = [replacement?.terraUserId ?? [], replacement?.oldTerraUserId ?? []].flat();
    await this.lifecycle.lock(manager, [...members, ...replaced]);
    if (replacement) await this.lifecycle.record(manager, [replacement]);
    const announced = await this.repository.announce(manager, id);
    if (announced?.mergedInto === null) {
      const event = eventOf({ before: null, after: announced, fact: null });
      await this.events.append(manager, event ? [event] : []);
      const { status, statusReason: reason } = announced;
      afterCommit(manager, () => {
        this.metrics.connectionChanges.inc({ status });
        this.logger.log({ event: 'connection.linked', connectionId: id, from: null, reason });
      });
    }
    return announced;
  }

  private async ask({ next, olds }: ReplacementQuestion, deadlineMs: number): Promise<ReplacementAnswer> {
    const look = async (terraUserId: string): Promise<Presence> => {
      try {
        return presenceOf(await this.terra.findUser(terraUserId, deadlineMs));
      } catch {
        return 'unknown';
      }
    };
    const [first, ...others] = await Promise.all([next, ...olds].map(({ terraUserId }) => look(terraUserId)));
    return decide(
      first ?? 'unknown',
      olds.map((old, index) => ({ ...old, presence: others[index] ?? 'unknown' })),
    );
  }

  private remainingMs(createdAt: Date): number {
    return Math.min(PROVISIONAL_MS, createdAt.getTime() + PROVISIONAL_MS - this.clock.now().getTime());
  }

  private leaseEnd(): Date {
    return new Date(this.clock.now().getTime() + LEASE_MS);
  }
}

function questionOf({
  connection,
  identities,
  connections,
}: ProvisionalConnection): ReplacementQuestion | null {
  return questionAbout(connection, identities, new Map(connections.map((one) => [one.id, one])));
}

// The time of the link makes the fact the same, whoever records it.
function replacementFact(
  { connection: { referenceId, provider } }: ProvisionalConnection,
  { next }: ReplacementQuestion,
  oldTerraUserId: string,
): NewFact {
  const { terraUserId, linkedAt } = next;
  return {
    terraUserId,
    kind: 'swapped',
    cause: 'replaced',
    source: 'reconcile',
    occurredAt: linkedAt as Date,
    referenceId,
    provider,
    oldTerraUserId,
    oldReferenceId: referenceId,
  };
}
