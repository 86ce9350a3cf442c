import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { SessionOutcomeService } from '../connect-sessions';
import { ConnectionLifecycleService, type NewFact, type RecordedUser } from '../connections';
import type { TerraEvent, TerraEventType, TerraUser } from '../terra';
import { HAS_BEEN_ERASED, WAITS_FOR_OWNER } from './webhook-event.entity';

/** An event of the inbox. */
export interface News {
  event: TerraEvent;
  /** When it happened, by Terra's word. */
  at: Date;
  /** Of the inbox. */
  eventId: string;
}

export interface HandlerResult {
  status: 'done' | 'ignored' | 'parked';
  note: string | null;
}

type Handler = (manager: EntityManager, news: News) => Promise<HandlerResult> | HandlerResult;

const DONE: HandlerResult = { status: 'done', note: null };
const WAITING: HandlerResult = { status: 'parked', note: WAITS_FOR_OWNER };
const ERASED: HandlerResult = { status: 'ignored', note: HAS_BEEN_ERASED };

/** What each type of event does. Inside the worker's transaction; no network. */
@Injectable()
export class WebhookHandlers {
  private readonly data: Handler = (manager, news) => this.dataCame(manager, news);

  /** A type that Terra adds to our union without a row here does not compile. */
  private readonly table: Record<TerraEventType, Handler> = {
    auth: (manager, news) => this.auth(manager, news),
    auth_cancelled: (manager, news) => this.attemptFailed(manager, news),
    deauth: (manager, news) => this.ended(manager, news, 'deauth'),
    access_revoked: (manager, news) => this.ended(manager, news, 'access_revoked'),
    user_reauth: (manager, news) => this.reauthenticated(manager, news),
    connection_error: (manager, news) => this.connectionError(manager, news),
    permission_change: (manager, news) => this.permissionChange(manager, news),
    google_no_datasource: () => DONE,
    activity: this.data,
    athlete: this.data,
    body: this.data,
    daily: this.data,
    menstruation: this.data,
    nutrition: this.data,
    sleep: this.data,
    planned_workout: this.data,
    hormone: this.data,
    health_observation: this.data,
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

  async handle(manager: EntityManager, news: News): Promise<HandlerResult> {
    const { type } = news.event;
    if (type === null) return { status: 'ignored', note: 'a type that is not known' };
    return this.table[type](manager, news);
  }

  // Only a success links. A failed attempt used to come as `auth` too, and looks just like a linked user.
  private async auth(manager: EntityManager, news: News): Promise<HandlerResult> {
    const { status, user, owner } = news.event;
    if (status === 'error') return this.attemptFailed(manager, news);
    if (status !== 'success') return { status: 'ignored', note: 'auth with an unknown status' };
    if (!user) return { status: 'ignored', note: 'auth without a user' };
    // Neither may be believed, so this is no fact about anybody.
    if (owner.contradictory) return { status: 'parked', note: 'the event names two different references' };
    const { referenceId } = owner;
    return this.link(manager, news, { ...factOf(user, news), referenceId, kind: 'linked', cause: 'auth' });
  }

  private async attemptFailed(manager: EntityManager, { event, at }: News): Promise<HandlerResult> {
    const { referenceId, contradictory } = event.owner;
    if (referenceId === null || contradictory)
      return { status: 'ignored', note: 'a failed attempt of nobody we know' };
    const clue = {
      referenceId,
      widgetSessionId: event.widgetSessionId,
      provider: event.user?.provider ?? null,
      occurredAt: at,
    };
    await this.sessions.recordFailed(manager, clue, event.reason);
    return DONE;
  }

  private async ended(
    manager: EntityManager,
    news: News,
    cause: 'deauth' | 'access_revoked',
  ): Promise<HandlerResult> {
    const { user } = news.event;
    if (!user) return { status: 'ignored', note: `${cause} without a user` };
    // Of a user we do not know the end is kept all the same: its beginning may still come.
    const { erased } = await this.recordOne(manager, { ...bareFactOf(user, news), kind: 'ended', cause });
    return erased ? ERASED : DONE;
  }

  private async reauthenticated(manager: EntityManager, news: News): Promise<HandlerResult> {
    const { oldUser, newUser } = news.event;
    if (!newUser) return { status: 'ignored', note: 'user_reauth without a new user' };
    const { referenceId } = newUser;
    const fact = { ...factOf(newUser, news), referenceId, cause: 'user_reauth' } as const;
    // Who took their own place is linked, and nothing more.
    if (oldUser?.terraUserId === newUser.terraUserId)
      return this.link(manager, news, { ...fact, kind: 'linked' });
    return this.link(manager, news, {
      ...fact,
      kind: 'swapped',
      // Terra may leave the old user out; and it may name one that we have never heard of.
      oldTerraUserId: oldUser?.terraUserId ?? null,
      oldReferenceId: oldUser?.referenceId ?? null,
    });
  }

  private async link(manager: EntityManager, news: News, fact: NewFact): Promise<HandlerResult> {
    const { terraUserId } = fact;
    const { connection, joined, claimedByAnother, erased } = await this.recordOne(manager, fact);
    if (erased) return ERASED;
    if (claimedByAnother) return { status: 'parked', note: 'the Terra user belongs to another reference' };
    if (!connection) return WAITING;
    const { referenceId, provider } = connection;
    const { widgetSessionId } = news.event;
    const clue = { referenceId, widgetSessionId, provider, occurredAt: news.at };
    const made = { terraUserId, provider, connectionId: connection.id, joined };
    await this.sessions.recordConnected(manager, clue, made);
    return DONE;
  }

  private async connectionError(manager: EntityManager, news: News): Promise<HandlerResult> {
    const { user } = news.event;
    if (!user) return { status: 'ignored', note: 'connection_error without a user' };
    return orParked(
      await this.recordOne(manager, {
        ...bareFactOf(user, news),
        kind: 'failing',
        cause: 'connection_error',
      }),
    );
  }

  private async permissionChange(manager: EntityManager, news: News): Promise<HandlerResult> {
    const { user, scopesAdded, scopesRemoved } = news.event;
    if (!user) return { status: 'ignored', note: 'permission_change without a user' };
    const { scopes } = user;
    const change = { scopes, scopesAdded, scopesRemoved };
    return orParked(
      await this.recordOne(manager, {
        ...bareFactOf(user, news),
        ...change,
        kind: 'scopes',
        cause: 'permission_change',
      }),
    );
  }

  private async dataCame(manager: EntityManager, { event, at }: News): Promise<HandlerResult> {
    const { user, accountId } = event;
    if (!user) return DONE;
    const { terraUserId, provider } = user;
    await this.lifecycle.touch(manager, terraUserId, at);
    if (accountId) await this.lifecycle.noteAccount(manager, { terraUserId, provider, accountId });
    return DONE;
  }

  private async recordOne(manager: EntityManager, fact: NewFact): Promise<RecordedUser> {
    const recorded = await this.lifecycle.record(manager, [fact]);
    return recorded.get(fact.terraUserId) as RecordedUser;
  }
}

type FactStart = Pick<NewFact, 'terraUserId' | 'occurredAt' | 'source' | 'sourceId'>;

function bareFactOf({ terraUserId }: TerraUser, { at, eventId }: News): FactStart {
  return { terraUserId, occurredAt: at, source: 'webhook', sourceId: eventId };
}

function factOf(user: TerraUser, news: News): FactStart & Pick<NewFact, 'provider' | 'scopes'> {
  const { provider, scopes } = user;
  return { ...bareFactOf(user, news), provider, scopes };
}

// The fact is kept, and holds as soon as the Terra user has an owner; the event stays in sight until then.
function orParked({ connection, erased }: RecordedUser): HandlerResult {
  if (erased) return ERASED;
  return connection ? DONE : WAITING;
}
