import type { KnownTerraUser } from '../connections';
import { ago, askedAt, failing, known, listed, observation } from '../../test/support/terra-users';
import { diffListed, isChange, type ListedUser } from './terra-diff';

describe('A connected Terra user', () => {
  it.each<[string, Partial<ListedUser>, KnownTerraUser, string[]]>([
    [
      'may only be paused when Terra lists it as inactive, and keeps its status',
      { active: false },
      known(),
      ['mark_paused'],
    ],
    [
      'may only be paused while no second sign is there',
      { active: false },
      known({ inactiveSince: ago(167) }),
      ['still_paused'],
    ],
    [
      'may only be paused as long as data arrives, however long Terra has called it inactive',
      { active: false },
      known({ inactiveSince: ago(1_000) }, { lastDataAt: ago(167) }),
      ['still_paused'],
    ],
    [
      'may only be paused as long as Terra sends data, even if the service gets none',
      { active: false, lastWebhookUpdate: ago(167) },
      known({ inactiveSince: ago(1_000) }),
      ['still_paused'],
    ],
    [
      'is inactive when two lists a week apart say so, and no data has arrived for a week',
      { active: false, lastWebhookUpdate: ago(169) },
      known({ inactiveSince: ago(168) }, { lastDataAt: ago(168) }),
      ['mark_inactive'],
    ],
    [
      'is inactive at once when Terra says by id that it is not authenticated',
      { active: false, isAuthenticated: false },
      known(),
      ['mark_inactive'],
    ],
    [
      'is not inactive when it was connected during the request to Terra',
      { active: false, isAuthenticated: false },
      known({}, { statusAt: askedAt }),
      [],
    ],
    [
      'is noted as resumed when Terra lists it as active again',
      {},
      known({ inactiveSince: ago(100) }),
      ['mark_resumed'],
    ],
    [
      'recovers from its inactivity without data and without the end user',
      {},
      known({}, { ...failing, statusReason: 'inactive' }),
      ['recover'],
    ],
    [
      'recovers from its inactivity by data when Terra does not say whether it is active',
      { active: null, lastWebhookUpdate: ago(1) },
      known({}, { ...failing, statusReason: 'inactive' }),
      ['recover'],
    ],
    [
      'does not recover from its inactivity when Terra does not say whether it is active',
      { active: null },
      known({ inactiveSince: ago(1) }, { ...failing, statusReason: 'inactive' }),
      [],
    ],
  ])('%s', (_guarantee, change, knownUser, expected) => {
    const corrections = diffListed(listed(change), knownUser, observation);
    expect(corrections.map(({ action }) => action)).toEqual(expected);
  });

  it('is changed by no note about a pause, so that the safety threshold counts none', () => {
    for (const action of ['mark_paused', 'still_paused', 'mark_resumed'] as const)
      expect(isChange(action)).toBe(false);
  });

  it('recovers at the time of the request to Terra, by a fact that undoes no error of the provider', () => {
    const [recovery] = diffListed(listed(), known({}, { ...failing, statusReason: 'inactive' }), observation);
    expect(recovery?.fact).toMatchObject({ kind: 'recovered', cause: 'resumed', occurredAt: askedAt });
  });
});
