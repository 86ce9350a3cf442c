import { STATUS_REASONS } from '../src/connections/connection-status';
import { earlierDevices, stateOf } from '../sample-app/device-state';
import type { Connection } from '../sample-app/terra-connect-client';

function device(change: Partial<Connection>): Connection {
  return {
    id: 'c1',
    referenceId: 'pulse-1001',
    provider: 'GARMIN',
    status: 'active',
    statusReason: null,
    connectedAt: null,
    ...change,
  };
}

const EVERY_STATE = Object.entries(STATUS_REASONS).flatMap(([status, reasons]) =>
  (reasons.length > 0 ? reasons : [null]).map((statusReason) => ({ status, statusReason })),
);

describe('What an end user reads about a device', () => {
  it('is a sentence of its own for each status and reason of the service', () => {
    const texts = EVERY_STATE.map((state) => stateOf(device(state), null).text);
    expect(new Set(texts).size).toBe(EVERY_STATE.length);
    expect(texts.join()).not.toMatch(/_/);
  });

  it('ends with a full stop, except for a device that works', () => {
    for (const state of EVERY_STATE.filter(({ status }) => status !== 'active'))
      expect(stateOf(device(state), null).text).toMatch(/\.$/);
  });

  it.each([
    ['connection_error', 'Garmin no longer gives us your data'],
    ['inactive', 'no data from Garmin any more'],
    ['missing_scopes', 'withdrawn every permission at Garmin'],
    ['a reason of a later version', 'Connect it again'],
  ])('offers to reconnect a device that needs it: %s', (statusReason, text) => {
    const state = stateOf(device({ status: 'needs_reauth', statusReason }), null);
    expect(state.text).toContain(text);
    expect(state.help).toEqual({ kind: 'reconnect', label: 'Reconnect', name: 'Reconnect Garmin' });
  });

  it('names the successor of a provider that has ended, and offers to connect that', () => {
    const retired = device({
      provider: 'FITBIT',
      status: 'needs_reauth',
      statusReason: 'provider_retired',
    });
    expect(stateOf(retired, 'GOOGLE_HEALTH')).toEqual({
      text: 'Fitbit has ended its service for apps. Google Health replaces it: connect that to continue.',
      help: { kind: 'reconnect', label: 'Connect Google Health', name: 'Connect Google Health' },
    });
    expect(stateOf(retired, null)).toMatchObject({ help: null });
  });

  it.each(['APPLE', 'HEALTH_CONNECT', 'SAMSUNG'])(
    'sends the end user to the phone for %s: a browser cannot reconnect it',
    (provider) => {
      for (const status of ['needs_reauth', 'disconnected'])
        expect(stateOf(device({ provider, status }), null).help).toEqual({ kind: 'phone' });
    },
  );

  it('offers to connect an ended device again, but not while it is being disconnected or when it is replaced', () => {
    const helpOf = (change: Partial<Connection>) => stateOf(device(change), null).help;
    const again = { kind: 'reconnect', label: 'Connect again', name: 'Connect again Garmin' };
    expect(helpOf({ status: 'disconnected', statusReason: 'access_revoked' })).toEqual(again);
    expect(helpOf({ status: 'moved', statusReason: 'moved' })).toEqual(again);
    expect(helpOf({ status: 'disconnecting', statusReason: 'disconnect_requested' })).toBeNull();
    expect(helpOf({ status: 'disconnected', succeededBy: 'c2' })).toBeNull();
  });

  it('is the last ended device of each provider that has none in use', () => {
    const connections = [
      device({ id: 'c5', provider: 'OURA', status: 'disconnected' }),
      device({ id: 'c4', provider: 'GARMIN', status: 'active' }),
      device({ id: 'c3', provider: 'OURA', status: 'moved' }),
      device({ id: 'c2', provider: 'GARMIN', status: 'disconnected' }),
    ];
    expect(earlierDevices(connections).map(({ id }) => id)).toEqual(['c5']);
  });
});
