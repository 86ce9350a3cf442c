import type { Connection, ConnectionIdentity, KnownTerraUser } from '../connections';
import type { TerraUser } from '../terra';
import { diffListed, diffMissing, type Observation } from './terra-diff';

const HOUR = 3_600_000;
const askedAt = new Date('2026-11-24T12:00:00.000Z');
const ago = (hours: number): Date => new Date(askedAt.getTime() - hours * HOUR);
const seen: Observation = { askedAt, source: 'reconcile', actor: 'schedule' };

const listed = (change: Partial<TerraUser> = {}): TerraUser => ({
  terraUserId: 'u-1',
  provider: 'GARMIN',
  referenceId: 'person',
  scopes: ['A', 'B'],
  active: true,
  createdAt: ago(48),
  lastWebhookUpdate: null,
  ...change,
});
const held = (
  identity: Partial<ConnectionIdentity> = {},
  connection: Partial<Connection> | null = {},
): KnownTerraUser => ({
  identity: {
    terraUserId: 'u-1',
    connectionId: 'c-1',
    referenceId: 'person',
    provider: 'GARMIN',
    cause: 'auth',
    firstSeenAt: ago(48),
    linkedAt: ago(48),
    supersededBy: null,
    supersededAt: null,
    endedAt: null,
    endedCause: null,
    missingSince: null,
    ...identity,
  },
  connection:
    connection &&
    ({
      id: 'c-1',
      terraUserId: 'u-1',
      status: 'active',
      statusReason: null,
      statusAt: ago(48),
      scopes: ['B', 'A'],
      ...connection,
    } as Connection),
});
const failing = { status: 'needs_reauth', statusReason: 'connection_error', statusAt: ago(5) } as const;

describe('somebody whom Terra lists', () => {
  const actionsOf = (user: TerraUser, known: KnownTerraUser | null): string[] =>
    diffListed(user, known, seen).map(({ action }) => action);

  it.each<[string, Partial<TerraUser>, KnownTerraUser | null, string[]]>([
    ['is in step', {}, held(), []],
    ['unknown to us is linked', {}, null, ['link']],
    [
      'of whom we know nothing but the id is linked',
      {},
      held({ connectionId: null, linkedAt: null }, null),
      ['link'],
    ],
    ['unknown and without a reference is nobody’s', { referenceId: null }, null, ['no_owner']],
    ['unknown and inactive has not finished', { active: false }, null, ['not_authenticated']],
    ['under another reference is never moved', { referenceId: 'other' }, held(), ['owner_conflict']],
    [
      'under another reference is no news of one that moved',
      { referenceId: 'other' },
      held({}, { status: 'moved' }),
      [],
    ],
    ['without a reference is still whose it was', { referenceId: null }, held(), []],
    [
      'after our disconnect is disconnected again',
      {},
      held({ endedAt: ago(2), endedCause: 'disconnected_by_us' }, { status: 'disconnected' }),
      ['disconnect_again'],
    ],
    [
      'after a deauth that we asked for is disconnected again',
      {},
      held(
        { endedAt: ago(2), endedCause: 'deauth' },
        { status: 'disconnected', statusReason: 'disconnected_by_us' },
      ),
      ['disconnect_again'],
    ],
    [
      'after a deauth that we did not ask for is reported',
      {},
      held({ endedAt: ago(2), endedCause: 'deauth' }, { status: 'disconnected', statusReason: 'deauth' }),
      ['contradiction'],
    ],
    [
      'after its access was revoked is reported',
      {},
      held({ endedAt: ago(2), endedCause: 'access_revoked' }, { status: 'disconnected' }),
      ['contradiction'],
    ],
    [
      'and whose end came while Terra was asked is in step',
      {},
      held({ endedAt: askedAt, endedCause: 'disconnected_by_us' }, { status: 'disconnected' }),
      [],
    ],
    [
      'after it was taken for gone is revived',
      {},
      held({ endedAt: ago(2), endedCause: 'absent' }, { status: 'disconnected', statusReason: 'absent' }),
      ['revive'],
    ],
    ['though another took its place is reported', {}, held({ supersededBy: 'u-2' }), ['contradiction']],
    ['while it is being disconnected is left to that', {}, held({}, { status: 'disconnecting' }), []],
    ['and had been missing is back', {}, held({ missingSince: ago(3) }), ['mark_seen']],
    ['with other scopes has other scopes', { scopes: ['A', 'C'] }, held(), ['update_scopes']],
    ['without scopes says nothing of scopes', { scopes: null }, held(), []],
    ['inactive is failing', { active: false }, held(), ['mark_inactive']],
    ['inactive, which we know, is in step', { active: false }, held({}, failing), []],
    ['active is no proof that a failing one has recovered', {}, held({}, failing), []],
    [
      'with data from before the failure has not recovered',
      { lastWebhookUpdate: ago(6) },
      held({}, failing),
      [],
    ],
    [
      'with data since the failure has recovered',
      { lastWebhookUpdate: ago(1) },
      held({}, failing),
      ['recover'],
    ],
    [
      'with data, and without scopes that are needed, has not recovered',
      { lastWebhookUpdate: ago(1) },
      held({}, { ...failing, statusReason: 'missing_scopes' }),
      [],
    ],
  ])('%s', (_, change, known, expected) => {
    expect(actionsOf(listed(change), known)).toEqual(expected);
  });

  it('is linked as of when Terra made it, with what Terra says', () => {
    const [correction] = diffListed(listed(), null, seen);
    expect(correction?.fact).toMatchObject({
      terraUserId: 'u-1',
      kind: 'linked',
      cause: 'found',
      source: 'reconcile',
      occurredAt: ago(48),
      referenceId: 'person',
      provider: 'GARMIN',
      scopes: ['A', 'B'],
    });
  });

  it.each<[string, Partial<TerraUser>, KnownTerraUser | null]>([
    ['made', { createdAt: new Date(askedAt.getTime() + HOUR) }, null],
    [
      'data',
      { lastWebhookUpdate: new Date(askedAt.getTime() + HOUR) },
      held({}, { ...failing, statusAt: ago(1) }),
    ],
  ])('never gets a time that lies ahead of the question (%s)', (_, change, known) => {
    expect(diffListed(listed(change), known, seen)[0]?.fact?.occurredAt).toEqual(askedAt);
  });

  it('never brings somebody back who ended by anything but our own conclusion', () => {
    for (const endedCause of ['deauth', 'access_revoked', 'disconnected_by_us'] as const) {
      const kinds = diffListed(listed(), held({ endedAt: ago(1), endedCause }), seen);
      expect(kinds.map(({ fact }) => fact?.kind)).not.toContain('linked');
    }
  });
});

describe('somebody whom Terra does not list', () => {
  const actionsOf = (known: KnownTerraUser): string[] =>
    diffMissing(known, seen, HOUR).map(({ action }) => action);

  it.each<[string, KnownTerraUser, string[]]>([
    ['is noted the first time', held(), ['mark_missing']],
    ['is noted the first time though it fails', held({}, failing), ['mark_missing']],
    ['a little later is not believed yet', held({ missingSince: ago(0.9) }), ['still_missing']],
    ['long enough afterwards has ended', held({ missingSince: ago(1) }), ['end_absent']],
    ['and was connected while Terra was asked is not missing', held({ linkedAt: askedAt }), []],
    ['and is being disconnected is not missing', held({}, { status: 'disconnecting' }), []],
    ['and has ended is not missing', held({ endedAt: ago(1), endedCause: 'deauth' }), []],
    ['and was superseded is not missing', held({ supersededBy: 'u-2' }), []],
    ['and does not count any more is not missing', held({}, { terraUserId: 'u-2' }), []],
    ['and moved is not missing', held({}, { status: 'moved' }), []],
  ])('%s', (_, known, expected) => {
    expect(actionsOf(known)).toEqual(expected);
  });

  it('ends as of the observation, so that whatever is newer outranks it', () => {
    const [correction] = diffMissing(held({ missingSince: ago(2) }), seen, HOUR);
    expect(correction?.fact).toMatchObject({ kind: 'ended', cause: 'absent', occurredAt: askedAt });
  });
});
