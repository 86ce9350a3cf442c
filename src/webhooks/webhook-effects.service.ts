import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { SessionOutcomeService, type SessionSignal } from '../connect-sessions';
import {
  ConnectionLifecycleService,
  ConnectionsService,
  ReceivedDataService,
  type NewFact,
  type RecordedUser,
  type Tombstones,
} from '../connections';
import { outcomeOf, type EventEffects, type EventOutcome } from './event-table';
import { WAITS_FOR_OWNER } from './webhook-event.entity';

/** Applies the effects of events in sets: the number of statements does not grow with the number of events. */
@Injectable()
export class WebhookEffectsService {
  constructor(
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly receivedData: ReceivedDataService,
    private readonly sessions: SessionOutcomeService,
    private readonly connections: ConnectionsService,
  ) {}

  /**
   * Locks the Terra users of facts, and of data to hand on. Read tombstones after it: an erasure that begins now either
   * waits for these locks, or its tombstones are visible.
   */
  async lock(manager: EntityManager, effects: EventEffects[]): Promise<void> {
    const facts = effects.flatMap(({ fact }) => fact ?? []);
    const terraUserIds = facts.flatMap(({ terraUserId, oldTerraUserId }) => [
      terraUserId,
      oldTerraUserId ?? [],
    ]);
    const senders = effects.flatMap(({ forward }) => forward?.terraUserId ?? []);
    const all = [...new Set([...terraUserIds.flat(), ...senders])];
    if (all.length > 0) await this.lifecycle.lock(manager, all);
  }

  /**
   * @returns the outcome of each event, by index; null: the event waited for an owner, whom a later event of this set names,
   *   so process it again
   */
  async apply(
    manager: EntityManager,
    effects: EventEffects[],
    tombstones: Tombstones,
  ): Promise<(EventOutcome | null)[]> {
    const recorded = await this.record(manager, effects, tombstones);
    await this.receivedData.touch(
      manager,
      effects.flatMap(({ touch }) => touch ?? []),
      { tombstones },
    );
    await this.receivedData.storeAccounts(
      manager,
      effects.flatMap(({ account }) => account ?? []),
    );
    await this.sessions.apply(
      manager,
      effects.flatMap((each) => each.failedAttempt ?? connectedSignal(each, recorded) ?? []),
    );
    const outcomes = effects.map((each) => outcomeOf(each, recordedOf(each, recorded)));
    const waiting = effects.flatMap(({ fact }, index) =>
      fact && outcomes[index]?.note === WAITS_FOR_OWNER ? fact.terraUserId : [],
    );
    const owned = new Set(await this.connections.ownedAmong([...new Set(waiting)], manager));
    return outcomes.map((outcome, index) =>
      outcome.note === WAITS_FOR_OWNER && owned.has(effects[index]?.fact?.terraUserId ?? '') ? null : outcome,
    );
  }

  private async record(
    manager: EntityManager,
    effects: EventEffects[],
    tombstones: Tombstones,
  ): Promise<Recorded> {
    const facts = effects.flatMap(({ fact }) => fact ?? []);
    if (facts.length === 0) return new Map();
    const users = await this.lifecycle.record(manager, facts, { tombstones });
    return new Map(facts.map((fact, index) => [fact, users[index] as RecordedUser]));
  }
}

/** The fact of an event → its Terra user after the fact. */
type Recorded = Map<NewFact, RecordedUser>;

function recordedOf({ fact }: EventEffects, recorded: Recorded): RecordedUser | null {
  return fact && (recorded.get(fact) as RecordedUser);
}

function connectedSignal(effects: EventEffects, recorded: Recorded): SessionSignal | null {
  const { fact, completes } = effects;
  const user = recordedOf(effects, recorded);
  if (!fact || !completes || !user?.connection || user.erased || user.claimedByAnother) return null;
  const { terraUserId, occurredAt } = fact;
  const { connection, joined } = user;
  const { referenceId, provider } = connection;
  const hint = { referenceId, widgetSessionId: completes.widgetSessionId, provider, occurredAt };
  return { kind: 'connected', of: hint, link: { terraUserId, connection, joined }, occurredAt };
}
