import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { SessionOutcomeService } from '../connect-sessions';
import {
  ConnectionLifecycleService,
  ReceivedDataService,
  type NewFact,
  type RecordedUser,
} from '../connections';
import type { TerraEvent, TerraEventType, TerraUser } from '../terra';
import { HAS_BEEN_ERASED, WAITS_FOR_OWNER } from './webhook-event.entity';

/** A parsed event of the inbox. */
export interface InboxEvent {
  event: TerraEvent;
  occurredAt: Date;
  /** The id of its row in the inbox. */
  eventId: string;
}

export interface HandlerResult {
  status: 'done' | 'ignored' | 'parked';
  note: string | null;
}

type Handler = (manager: EntityManager, inboxEvent: InboxEvent) => Promise<HandlerResult> | HandlerResult;

const DONE: HandlerResult = { status: 'done', note: null };
const WAITING: HandlerResult = { status: 'parked', note: WAITS_FOR_OWNER };
const ERASED: HandlerResult = { status: 'ignored', note: HAS_BEEN_ERASED };

/** Applies events by their type. Handlers run inside the worker's transaction and make no network call. */
@Injectable()
export class WebhookHandlers {
  private readonly data: Handler = (manager, inboxEvent) => this.dataReceived(manager, inboxEvent);

  /** A type that is added to the union does not compile without a handler. */
  private readonly table: Record<TerraEventType, Handler> = {
    auth: (manager, inboxEvent) => this.auth(manager, inboxEvent),
    auth_cancelled: (manager, inboxEvent) => this.attemptFailed(manager, inboxEvent),
    deauth: (manager, inboxEvent) => this.ended(manager, inboxEvent, 'deauth'),
    access_revoked: (manager, inboxEvent) => this.ended(manager, inboxEvent, 'access_revoked'),
    user_reauth: (manager, inboxEvent) => this.reauthenticated(manager, inboxEvent),
    connection_error: (manager, inboxEvent) => this.connectionError(manager, inboxEvent),
    permission_change: (manager, inboxEvent) => this.permissionChange(manager, inboxEvent),
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
    private readonly receivedData: ReceivedDataService,
    private readonly sessions: SessionOutcomeService,
  ) {}

  async handle(manager: EntityManager, inboxEvent: InboxEvent): Promise<HandlerResult> {
    const { type } = inboxEvent.event;
    if (type === null) return { status: 'ignored', note: 'the type is not known' };
    return this.table[type](manager, inboxEvent);
  }

  // Links only on success: Terra also reports a failed attempt as `auth`, with a user that looks like a linked one.
  private async auth(manager: EntityManager, inboxEvent: InboxEvent): Promise<HandlerResult> {
    const { status, user, owner } = inboxEvent.event;
    if (status === 'error') return this.attemptFailed(manager, inboxEvent);
    if (status !== 'success') return { status: 'ignored', note: 'auth with an unknown status' };
    if (!user) return { status: 'ignored', note: 'auth without a user' };
    // The service cannot know which reference is right, so it records no fact.
    if (owner.contradictory) return { status: 'parked', note: 'the event names two different references' };
    const { referenceId } = owner;
    const fact = { ...factOf(user, inboxEvent), referenceId, kind: 'linked', cause: 'auth' } as const;
    return this.link(manager, inboxEvent, fact);
  }

  private async attemptFailed(
    manager: EntityManager,
    { event, occurredAt }: InboxEvent,
  ): Promise<HandlerResult> {
    const { referenceId, contradictory } = event.owner;
    if (referenceId === null || contradictory)
      return { status: 'ignored', note: 'a failed attempt of an unknown end user' };
    const provider = event.user?.provider ?? null;
    const hint = { referenceId, widgetSessionId: event.widgetSessionId, provider, occurredAt };
    await this.sessions.recordFailed(manager, hint, event.reason);
    return DONE;
  }

  private async ended(
    manager: EntityManager,
    inboxEvent: InboxEvent,
    cause: 'deauth' | 'access_revoked',
  ): Promise<HandlerResult> {
    const { user } = inboxEvent.event;
    if (!user) return { status: 'ignored', note: `${cause} without a user` };
    // Records the end of an unknown user, too: the event that links the user may still arrive.
    const fact = { ...bareFactOf(user, inboxEvent), kind: 'ended', cause } as const;
    const { erased } = await this.recordOne(manager, fact);
    return erased ? ERASED : DONE;
  }

  private async reauthenticated(manager: EntityManager, inboxEvent: InboxEvent): Promise<HandlerResult> {
    const { oldUser, newUser } = inboxEvent.event;
    if (!newUser) return { status: 'ignored', note: 'user_reauth without a new user' };
    const { referenceId } = newUser;
    const fact = { ...factOf(newUser, inboxEvent), referenceId, cause: 'user_reauth' } as const;
    // A user that replaces itself is only linked.
    if (oldUser?.terraUserId === newUser.terraUserId)
      return this.link(manager, inboxEvent, { ...fact, kind: 'linked' });
    return this.link(manager, inboxEvent, {
      ...fact,
      kind: 'swapped',
      // Terra may leave the old user out, or name an old user that the service does not know.
      oldTerraUserId: oldUser?.terraUserId ?? null,
      oldReferenceId: oldUser?.referenceId ?? null,
    });
  }

  private async link(
    manager: EntityManager,
    { event, occurredAt }: InboxEvent,
    fact: NewFact,
  ): Promise<HandlerResult> {
    const { terraUserId } = fact;
    const { connection, joined, claimedByAnother, erased } = await this.recordOne(manager, fact);
    if (erased) return ERASED;
    if (claimedByAnother) return { status: 'parked', note: 'the Terra user belongs to another reference' };
    if (!connection) return WAITING;
    const { referenceId, provider } = connection;
    const hint = { referenceId, widgetSessionId: event.widgetSessionId, provider, occurredAt };
    await this.sessions.recordConnected(manager, hint, { terraUserId, connection, joined });
    return DONE;
  }

  private async connectionError(manager: EntityManager, inboxEvent: InboxEvent): Promise<HandlerResult> {
    const { user } = inboxEvent.event;
    if (!user) return { status: 'ignored', note: 'connection_error without a user' };
    const fact = { kind: 'failing', cause: 'connection_error' } as const;
    return orParked(await this.recordOne(manager, { ...bareFactOf(user, inboxEvent), ...fact }));
  }

  private async permissionChange(manager: EntityManager, inboxEvent: InboxEvent): Promise<HandlerResult> {
    const { user, scopesAdded, scopesRemoved } = inboxEvent.event;
    if (!user) return { status: 'ignored', note: 'permission_change without a user' };
    const { scopes } = user;
    const fact = { kind: 'scopes', cause: 'permission_change', scopes, scopesAdded, scopesRemoved } as const;
    return orParked(await this.recordOne(manager, { ...bareFactOf(user, inboxEvent), ...fact }));
  }

  private async dataReceived(
    manager: EntityManager,
    { event, occurredAt }: InboxEvent,
  ): Promise<HandlerResult> {
    const { user, accountId } = event;
    if (!user) return DONE;
    const { terraUserId, provider } = user;
    await this.receivedData.touch(manager, [{ terraUserId, at: occurredAt }]);
    if (accountId) await this.receivedData.storeAccounts(manager, [{ terraUserId, provider, accountId }]);
    return DONE;
  }

  private async recordOne(manager: EntityManager, fact: NewFact): Promise<RecordedUser> {
    const [recorded] = await this.lifecycle.record(manager, [fact]);
    return recorded as RecordedUser;
  }
}

type FactStart = Pick<NewFact, 'terraUserId' | 'occurredAt' | 'source' | 'sourceId'>;

function bareFactOf({ terraUserId }: TerraUser, { occurredAt, eventId }: InboxEvent): FactStart {
  return { terraUserId, occurredAt, source: 'webhook', sourceId: eventId };
}

function factOf(user: TerraUser, inboxEvent: InboxEvent): FactStart & Pick<NewFact, 'provider' | 'scopes'> {
  const { provider, scopes } = user;
  return { ...bareFactOf(user, inboxEvent), provider, scopes };
}

// The fact is stored, and takes effect when the Terra user has an owner. Until then, operators see a parked event.
function orParked({ connection, erased }: RecordedUser): HandlerResult {
  if (erased) return ERASED;
  return connection ? DONE : WAITING;
}
