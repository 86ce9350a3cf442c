import { toStorable } from '../common';
import type { FailedSignal } from '../connect-sessions';
import type { DataPassage, DataTouch, NewFact, ProviderAccount, RecordedUser } from '../connections';
import { dataEventTypeOf, type DataEventType } from '../events';
import { isEnvelope, type TerraEvent, type TerraEventType, type TerraUser } from '../terra';
import { MAX_TYPE_LENGTH } from './event-labels';
import {
  DATA_WAITS,
  HAS_BEEN_ERASED,
  WAITS_FOR_OWNER,
  type WebhookEventStatus,
} from './webhook-event.entity';

/** The status of a processed event, with the reason for the operator. `pending`: its payload is fetched now. */
export interface EventOutcome {
  status: WebhookEventStatus;
  note: string | null;
}

/** A data event as takers get it. */
export interface DataForward {
  type: DataEventType;
  terraType: string;
  /** null: the event names none. */
  terraUserId: string | null;
  provider: string | null;
}

/** Everything that an event changes. */
export interface EventEffects {
  fact: NewFact | null;
  /** Whether the fact has no effect until its Terra user has an owner. */
  needsOwner: boolean;
  /** Set if the fact links a Terra user: the session that led to it is complete. */
  completes: { widgetSessionId: string | null } | null;
  failedAttempt: FailedSignal | null;
  touch: DataTouch | null;
  account: ProviderAccount | null;
  /** Set if the event is handed on to takers who want its type. */
  forward: DataForward | null;
  /** The outcome, unless the recorded fact has another: see {@link outcomeOf}. */
  outcome: EventOutcome;
}

/** What the inbox knows about an event beside its body. */
export interface EventOrigin {
  /** The id of its row in the inbox. */
  eventId: string;
  occurredAt: Date;
}

type Row = (event: TerraEvent, origin: EventOrigin) => EventEffects;

const DONE: EventOutcome = { status: 'done', note: null };
const ERASED: EventOutcome = { status: 'ignored', note: HAS_BEEN_ERASED };
const WAITING: EventOutcome = { status: 'parked', note: WAITS_FOR_OWNER };
const CLAIMED: EventOutcome = { status: 'parked', note: 'the Terra user belongs to another reference' };
const UNREADABLE: EventOutcome = {
  status: 'dead_lettered',
  note: 'the body is not a Terra event as JSON in UTF-8',
};

const WITHHELD: Record<Extract<DataPassage, { kind: 'withheld' }>['cause'], string> = {
  disconnecting: 'its data does not leave: the connection is disconnecting',
  disconnected: 'its data does not leave: the connection is disconnected',
  moved: 'its data does not leave: the account has moved to another end user',
  merged: 'its data does not leave: the connection has been merged',
  erased: HAS_BEEN_ERASED,
  no_terra_user: 'its data does not leave: the event names no Terra user',
};

const NOTHING: EventEffects = {
  fact: null,
  needsOwner: false,
  completes: null,
  failedAttempt: null,
  touch: null,
  account: null,
  forward: null,
  outcome: DONE,
};

const acknowledged: Row = () => NOTHING;

/** A type that is added to the union does not compile without a row. */
const EFFECTS: Record<TerraEventType, Row> = {
  auth: authenticated,
  auth_cancelled: attemptFailed,
  deauth: (event, origin) => ended(event, origin, 'deauth'),
  access_revoked: (event, origin) => ended(event, origin, 'access_revoked'),
  user_reauth: reauthenticated,
  connection_error: connectionFailed,
  permission_change: permissionsChanged,
  google_no_datasource: acknowledged,
  activity: dataReceived,
  athlete: dataReceived,
  body: dataReceived,
  daily: dataReceived,
  menstruation: dataReceived,
  nutrition: dataReceived,
  sleep: dataReceived,
  planned_workout: dataReceived,
  hormone: dataReceived,
  health_observation: dataReceived,
  'lab_report.completed': acknowledged,
  'lab_report.failed': acknowledged,
  processing: acknowledged,
  rate_limit_hit: acknowledged,
  large_request_processing: acknowledged,
  large_request_sending: acknowledged,
  healthcheck: acknowledged,
  s3_payload: acknowledged,
};

/** @param event null: the body could not be parsed */
export function effectsOf(event: TerraEvent | null, origin: EventOrigin): EventEffects {
  if (event === null) return { ...NOTHING, outcome: UNREADABLE };
  const effects = event.type === null ? ignored('the type is not known') : EFFECTS[event.type](event, origin);
  return { ...effects, forward: forwardOf(event) };
}

/** The outcome of a data event that a taker wants. @param waits null: it must not wait any longer, for this reason */
export function outcomeOfData(passage: DataPassage, waitsInVain: string | null): EventOutcome {
  switch (passage.kind) {
    case 'forwarded':
      return DONE;
    case 'waiting':
      return waitsInVain === null
        ? { status: 'parked', note: DATA_WAITS }
        : { status: 'ignored', note: waitsInVain };
    case 'withheld':
      return { status: 'ignored', note: WITHHELD[passage.cause] };
  }
}

/** @param recorded the Terra user of the event's fact after it was recorded; null if the event reports no fact */
export function outcomeOf(
  { needsOwner, outcome }: EventEffects,
  recorded: RecordedUser | null,
): EventOutcome {
  if (recorded === null) return outcome;
  if (recorded.erased) return ERASED;
  if (recorded.claimedByAnother) return CLAIMED;
  // The fact is stored, and takes effect when the Terra user has an owner. Until then, operators see a parked event.
  return needsOwner && recorded.connection === null ? WAITING : outcome;
}

// The service has handed an event on before if only its envelope is left.
function forwardOf(event: TerraEvent): DataForward | null {
  const type = dataEventTypeOf(event.type);
  if (type === null || isEnvelope(event)) return null;
  const terraType = toStorable(event.sentType, MAX_TYPE_LENGTH);
  return { type, terraType, terraUserId: event.terraUserId, provider: event.user?.provider ?? null };
}

// Links only on success: Terra also reports a failed attempt as `auth`, with a user that looks like a linked one.
function authenticated(event: TerraEvent, origin: EventOrigin): EventEffects {
  const { status, user, owner, widgetSessionId } = event;
  if (status === 'error') return attemptFailed(event, origin);
  if (status !== 'success') return ignored('auth with an unknown status');
  if (!user) return ignored('auth without a user');
  // The service cannot know which reference is right, so it records no fact.
  if (owner.contradictory)
    return { ...NOTHING, outcome: { status: 'parked', note: 'the event names two different references' } };
  const { referenceId } = owner;
  return links({ ...linkOf(user, origin), referenceId, kind: 'linked', cause: 'auth' }, widgetSessionId);
}

function reauthenticated(
  { oldUser, newUser, widgetSessionId }: TerraEvent,
  origin: EventOrigin,
): EventEffects {
  if (!newUser) return ignored('user_reauth without a new user');
  const { referenceId } = newUser;
  const fact = { ...linkOf(newUser, origin), referenceId, cause: 'user_reauth' } as const;
  // A user that replaces itself is only linked.
  if (oldUser?.terraUserId === newUser.terraUserId)
    return links({ ...fact, kind: 'linked' }, widgetSessionId);
  // Terra may leave the old user out, or name an old user that the service does not know.
  const old = {
    oldTerraUserId: oldUser?.terraUserId ?? null,
    oldReferenceId: oldUser?.referenceId ?? null,
  };
  return links({ ...fact, kind: 'swapped', ...old }, widgetSessionId);
}

function attemptFailed(
  { owner: { referenceId, contradictory }, user, widgetSessionId, reason }: TerraEvent,
  { occurredAt }: EventOrigin,
): EventEffects {
  if (referenceId === null || contradictory) return ignored('a failed attempt of an unknown end user');
  const hint = { referenceId, widgetSessionId, provider: user?.provider ?? null, occurredAt };
  return { ...NOTHING, failedAttempt: { kind: 'failed', of: hint, reason } };
}

type EndCause = 'deauth' | 'access_revoked';

// Records the end of an unknown user, too: the event that links the user may still arrive.
function ended({ terraUserId }: TerraEvent, origin: EventOrigin, cause: EndCause): EventEffects {
  if (terraUserId === null) return ignored(`${cause} without a user`);
  return { ...NOTHING, fact: { ...factOf(terraUserId, origin), kind: 'ended', cause } };
}

function connectionFailed({ terraUserId }: TerraEvent, origin: EventOrigin): EventEffects {
  if (terraUserId === null) return ignored('connection_error without a user');
  return changes({ ...factOf(terraUserId, origin), kind: 'failing', cause: 'connection_error' });
}

function permissionsChanged(
  { user, scopesAdded, scopesRemoved }: TerraEvent,
  origin: EventOrigin,
): EventEffects {
  if (!user) return ignored('permission_change without a user');
  const scopes = { scopes: user.scopes, scopesAdded, scopesRemoved };
  return changes({
    ...factOf(user.terraUserId, origin),
    kind: 'scopes',
    cause: 'permission_change',
    ...scopes,
  });
}

function dataReceived({ terraUserId, user, accountId }: TerraEvent, origin: EventOrigin): EventEffects {
  if (terraUserId === null) return NOTHING;
  const account = user && accountId !== null ? { terraUserId, provider: user.provider, accountId } : null;
  return { ...NOTHING, touch: { terraUserId, at: origin.occurredAt }, account };
}

function ignored(note: string): EventEffects {
  return { ...NOTHING, outcome: { status: 'ignored', note } };
}

function changes(fact: NewFact): EventEffects {
  return { ...NOTHING, fact, needsOwner: true };
}

function links(fact: NewFact, widgetSessionId: string | null): EventEffects {
  return { ...changes(fact), completes: { widgetSessionId } };
}

type FactStart = Pick<NewFact, 'terraUserId' | 'occurredAt' | 'source' | 'sourceId'>;

function factOf(terraUserId: string, { occurredAt, eventId }: EventOrigin): FactStart {
  return { terraUserId, occurredAt, source: 'webhook', sourceId: eventId };
}

function linkOf(user: TerraUser, origin: EventOrigin): FactStart & Pick<NewFact, 'provider' | 'scopes'> {
  const { terraUserId, provider, scopes } = user;
  return { ...factOf(terraUserId, origin), provider, scopes };
}
