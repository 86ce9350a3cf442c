import type { KnownTerraUser } from '../connections';
import { ago, askedAt, failing, HOUR, known, listed, observation } from '../../test/support/terra-users';
import { diffListed, diffMissing, type ListedUser } from './terra-diff';

describe('A Terra user that Terra lists', () => {
  const actionsOf = (user: ListedUser, knownUser: KnownTerraUser | null): string[] =>
    diffListed(user, knownUser, observation).map(({ action }) => action);

  it.each<[string, Partial<ListedUser>, KnownTerraUser | null, string[]]>([
    ['needs no correction when the service agrees', {}, known(), []],
    ['is linked when the service does not know it', {}, null, ['link']],
    [
      'is linked when the service knows only its id',
      {},
      known({ connectionId: null, linkedAt: null }, null),
      ['link'],
    ],
    ['has no owner when it is unknown and has no reference', { referenceId: null }, null, ['no_owner']],
    ['is not authenticated when it is unknown and inactive', { active: false }, null, ['not_authenticated']],
    [
      'is an owner conflict under another reference, and does not move',
      { referenceId: 'other' },
      known(),
      ['owner_conflict'],
    ],
    [
      'needs no correction under another reference when its connection has moved',
      { referenceId: 'other' },
      known({}, { status: 'moved' }),
      [],
    ],
    ['keeps its owner when Terra lists no reference', { referenceId: null }, known(), []],
    [
      'is disconnected again after the service disconnected it',
      {},
      known({ endedAt: ago(2), endedCause: 'disconnected_by_us' }, { status: 'disconnected' }),
      ['disconnect_again'],
    ],
    [
      'is disconnected again after a deauth that the service requested',
      {},
      known(
        { endedAt: ago(2), endedCause: 'deauth' },
        { status: 'disconnected', statusReason: 'disconnected_by_us' },
      ),
      ['disconnect_again'],
    ],
    [
      'is reported after a deauth that the service did not request',
      {},
      known({ endedAt: ago(2), endedCause: 'deauth' }, { status: 'disconnected', statusReason: 'deauth' }),
      ['contradiction'],
    ],
    [
      'is reported after its access was revoked',
      {},
      known({ endedAt: ago(2), endedCause: 'access_revoked' }, { status: 'disconnected' }),
      ['contradiction'],
    ],
    [
      'needs no correction when it ends during the request to Terra',
      {},
      known({ endedAt: askedAt, endedCause: 'disconnected_by_us' }, { status: 'disconnected' }),
      [],
    ],
    [
      'is linked again after it was ended as absent',
      {},
      known({ endedAt: ago(2), endedCause: 'absent' }, { status: 'disconnected', statusReason: 'absent' }),
      ['link_again'],
    ],
    [
      'is reported when another Terra user has superseded it',
      {},
      known({ supersededBy: 'u-2' }),
      ['contradiction'],
    ],
    ['needs no correction while it is disconnecting', {}, known({}, { status: 'disconnecting' }), []],
    ['is marked as seen when it was missing', {}, known({ missingSince: ago(3) }), ['mark_seen']],
    ['gets new scopes when Terra lists other scopes', { scopes: ['A', 'C'] }, known(), ['update_scopes']],
    ['keeps its scopes when Terra lists none', { scopes: null }, known(), []],
    [
      'needs no correction when its failure is known and Terra lists it as inactive',
      { active: false },
      known({}, failing),
      [],
    ],
    ['has not recovered from a failure when Terra lists it as active', {}, known({}, failing), []],
    [
      'has not recovered with data from before the failure',
      { lastWebhookUpdate: ago(6) },
      known({}, failing),
      [],
    ],
    [
      'has recovered with data since the failure',
      { lastWebhookUpdate: ago(1) },
      known({}, failing),
      ['recover'],
    ],
    [
      'has not recovered with data while required scopes are missing',
      { lastWebhookUpdate: ago(1) },
      known({}, { ...failing, statusReason: 'missing_scopes' }),
      [],
    ],
  ])('%s', (_, change, knownUser, expected) => {
    expect(actionsOf(listed(change), knownUser)).toEqual(expected);
  });

  it('is linked with the creation time and the values that Terra lists', () => {
    const [correction] = diffListed(listed(), null, observation);
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

  it.each<[string, Partial<ListedUser>, KnownTerraUser | null]>([
    ['creation', { createdAt: new Date(askedAt.getTime() + HOUR) }, null],
    [
      'data',
      { lastWebhookUpdate: new Date(askedAt.getTime() + HOUR) },
      known({}, { ...failing, statusAt: ago(1) }),
    ],
  ])('gets a fact that is not later than the request to Terra (%s)', (_, change, knownUser) => {
    expect(diffListed(listed(change), knownUser, observation)[0]?.fact?.occurredAt).toEqual(askedAt);
  });

  it('is not linked again unless it was ended as absent', () => {
    for (const endedCause of ['deauth', 'access_revoked', 'disconnected_by_us'] as const) {
      const kinds = diffListed(listed(), known({ endedAt: ago(1), endedCause }), observation);
      expect(kinds.map(({ fact }) => fact?.kind)).not.toContain('linked');
    }
  });
});

describe('A Terra user that Terra does not list', () => {
  const actionsOf = (knownUser: KnownTerraUser): string[] =>
    diffMissing(knownUser, observation, HOUR).map(({ action }) => action);

  it.each<[string, KnownTerraUser, string[]]>([
    ['is marked as missing the first time', known(), ['mark_missing']],
    ['is marked as missing the first time although it fails', known({}, failing), ['mark_missing']],
    ['is still missing, and not ended, a little later', known({ missingSince: ago(0.9) }), ['still_missing']],
    ['is ended when it has been missing long enough', known({ missingSince: ago(1) }), ['end_absent']],
    ['is not missing when it is connected during the request to Terra', known({ linkedAt: askedAt }), []],
    ['is not missing while it is disconnecting', known({}, { status: 'disconnecting' }), []],
    ['is not missing when it has ended', known({ endedAt: ago(1), endedCause: 'deauth' }), []],
    ['is not missing when it is superseded', known({ supersededBy: 'u-2' }), []],
    ['is not missing when its connection has another Terra user', known({}, { terraUserId: 'u-2' }), []],
    ['is not missing when its connection has moved', known({}, { status: 'moved' }), []],
  ])('%s', (_, knownUser, expected) => {
    expect(actionsOf(knownUser)).toEqual(expected);
  });

  it('ends at the time of the request to Terra, so that newer facts override the end', () => {
    const [correction] = diffMissing(known({ missingSince: ago(2) }), observation, HOUR);
    expect(correction?.fact).toMatchObject({ kind: 'ended', cause: 'absent', occurredAt: askedAt });
  });
});
