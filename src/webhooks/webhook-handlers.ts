import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { SessionOutcomeService } from '../connect-sessions';
import {
  ConnectionLifecycleService,
  type ChangeOutcome,
  type LinkFact,
  type LinkOutcome,
} from '../connections';
import type { TerraEvent, TerraEventType, TerraUser } from '../terra';

export interface HandlerResult {
  status: 'done' | 'ignored' | 'parked';
  note: string | null;
  /** Terra users whose parked events may now find an owner. */
  linkedTerraUserId?: string;
}

type Handler = (
  manager: EntityManager,
  event: TerraEvent,
  occurredAt: Date,
) => Promise<HandlerResult> | HandlerResult;

const DONE: HandlerResult = { status: 'done', note: null };

/** What each type of event does. Inside the worker's transaction; no network. */
@Injectable()
export class WebhookHandlers {
  /** A type that Terra adds to our union without a row here does not compile. */
  private readonly table: Record<TerraEventType, Handler> = {
    auth: (manager, event, at) => this.auth(manager, event, at),
    auth_cancelled: (manager, event, at) => this.attemptFailed(manager, event, at),
    deauth: (manager, event, at) => this.ended(manager, event, 'deauth', at),
    access_revoked: (manager, event, at) => this.ended(manager, event, 'access_revoked', at),
    user_reauth: (manager, event, at) => this.reauthenticated(manager, event, at),
    connection_error: (manager, event, at) => this.connectionError(manager, event, at),
    permission_change: (manager, event, at) => this.permissionChange(manager, event, at),
    google_no_datasource: () => DONE,
    activity: () => DONE,
    athlete: () => DONE,
    body: () => DONE,
    daily: () => DONE,
    menstruation: () => DONE,
    nutrition: () => DONE,
    sleep: () => DONE,
    planned_workout: () => DONE,
    hormone: () => DONE,
    health_observation: () => DONE,
    'lab_report.completed': () => DONE,
    'lab_report.failed': () => DONE,
    processing: () => DONE,
    rate_limit_hit: () => DONE,
    large_request_processing: () => DONE,
    large_request_sending: () => DONE,
    healthcheck: () => DONE,
    s3_payload: () => DONE,
  };

  constructor(
    private readonly lifecycle: ConnectionLifecycleService,
    private readonly sessions: SessionOutcomeService,
  ) {}

  async handle(manager: EntityManager, event: TerraEvent, occurredAt: Date): Promise<HandlerResult> {
    if (event.type === null) return { status: 'ignored', note: 'a type that is not known' };
    return this.table[event.type](manager, event, occurredAt);
  }

  // Only a success links. A failed attempt used to come as `auth` too, and looks just like a linked user.
  private async auth(manager: EntityManager, event: TerraEvent, occurredAt: Date): Promise<HandlerResult> {
    if (event.status === 'error') return this.attemptFailed(manager, event, occurredAt);
    if (event.status !== 'success') return { status: 'ignored', note: 'auth with an unknown status' };
    if (!event.user) return { status: 'ignored', note: 'auth without a user' };
    const { referenceId, contradictory } = event.owner;
    if (contradictory) return { status: 'parked', note: 'the event names two different references' };
    if (referenceId === null) return { status: 'parked', note: 'the event names no reference' };
    const fact = linkFact(event.user, referenceId, occurredAt, 'auth');
    return this.afterLink(manager, event, fact, await this.lifecycle.link(manager, fact));
  }

  private async attemptFailed(
    manager: EntityManager,
    event: TerraEvent,
    occurredAt: Date,
  ): Promise<HandlerResult> {
    const { referenceId, contradictory } = event.owner;
    if (referenceId === null || contradictory)
      return { status: 'ignored', note: 'a failed attempt of nobody we know' };
    const clue = {
      referenceId,
      widgetSessionId: event.widgetSessionId,
      provider: event.user?.provider ?? null,
      occurredAt,
    };
    await this.sessions.recordFailed(manager, clue, event.reason);
    return DONE;
  }

  private async ended(
    manager: EntityManager,
    { user }: TerraEvent,
    cause: 'deauth' | 'access_revoked',
    occurredAt: Date,
  ): Promise<HandlerResult> {
    if (!user) return { status: 'ignored', note: `${cause} without a user` };
    // Of a user we do not know the end is kept all the same: see the lifecycle.
    await this.lifecycle.revoke(manager, user.terraUserId, cause, occurredAt);
    return DONE;
  }

  private async reauthenticated(manager: EntityManager, event: TerraEvent, at: Date): Promise<HandlerResult> {
    const { oldUser, newUser } = event;
    if (!newUser) return { status: 'ignored', note: 'user_reauth without a new user' };
    const referenceId = newUser.referenceId ?? oldUser?.referenceId ?? null;
    if (referenceId === null) return { status: 'parked', note: 'the event names no reference' };
    const fact = linkFact(newUser, referenceId, at, 'user_reauth');
    // Terra may leave the old user out; and it may name one that we have never heard of.
    const swapped = oldUser ? await this.lifecycle.swap(manager, oldUser.terraUserId, fact) : 'unknown_user';
    const outcome = swapped === 'unknown_user' ? await this.lifecycle.link(manager, fact) : swapped;
    return this.afterLink(manager, event, fact, outcome);
  }

  private async connectionError(
    manager: EntityManager,
    { user }: TerraEvent,
    at: Date,
  ): Promise<HandlerResult> {
    if (!user) return { status: 'ignored', note: 'connection_error without a user' };
    return orParked(await this.lifecycle.markError(manager, user.terraUserId, 'connection_error', at));
  }

  private async permissionChange(
    manager: EntityManager,
    event: TerraEvent,
    at: Date,
  ): Promise<HandlerResult> {
    const { user, scopesAdded: added, scopesRemoved: removed } = event;
    if (!user) return { status: 'ignored', note: 'permission_change without a user' };
    const change = { current: user.scopes, added, removed };
    return orParked(await this.lifecycle.applyScopes(manager, user.terraUserId, change, at));
  }

  private async afterLink(
    manager: EntityManager,
    event: TerraEvent,
    { terraUserId, referenceId, provider, occurredAt }: LinkFact,
    outcome: LinkOutcome,
  ): Promise<HandlerResult> {
    if (outcome.kind === 'ended') return { status: 'ignored', note: 'the Terra user has ended already' };
    if (outcome.kind === 'belongs_to_another') {
      return { status: 'parked', note: 'the Terra user belongs to another reference' };
    }
    const clue = { referenceId, widgetSessionId: event.widgetSessionId, provider, occurredAt };
    await this.sessions.recordConnected(manager, clue, outcome.connection.id, outcome.isNew);
    return { ...DONE, linkedTerraUserId: terraUserId };
  }
}

function linkFact(
  user: TerraUser,
  referenceId: string,
  occurredAt: Date,
  cause: LinkFact['cause'],
): LinkFact {
  const { terraUserId, provider, scopes } = user;
  return { terraUserId, referenceId, provider, scopes, occurredAt, cause };
}

function orParked(outcome: ChangeOutcome): HandlerResult {
  return outcome === 'unknown_user' ? { status: 'parked', note: 'the Terra user is not known yet' } : DONE;
}
