import { toTerraProvider, toTerraUser, toTerraUsers } from './terra.types';

const wire = { user_id: 'u-1', provider: 'garmin', reference_id: 'r', scopes: 'A, B,A', active: true };
const user = { terraUserId: 'u-1', provider: 'GARMIN', referenceId: 'r', scopes: ['A', 'B'], active: true };

describe("reading Terra's users", () => {
  it.each([
    ['a bare array', [wire]],
    ['{users}', { status: 'success', users: [wire] }],
    ['{user}', { status: 'success', is_authenticated: true, user: wire }],
  ])('accepts %s', (_, body) => {
    expect(toTerraUsers(body)).toEqual([user]);
  });

  it('passes over what is no user, and never throws', () => {
    for (const body of [null, undefined, 'text', 7, {}, [], { users: 'x' }, [null, { user_id: 5 }]]) {
      expect(toTerraUsers(body)).toEqual([]);
    }
  });

  it('says null where Terra says nothing', () => {
    expect(toTerraUser({ user_id: 'u-1', provider: 'X' })).toEqual({
      terraUserId: 'u-1',
      provider: 'X',
      referenceId: null,
      scopes: null,
      active: null,
    });
  });

  it('refuses text that Postgres cannot hold as it is', () => {
    expect(toTerraUser({ ...wire, user_id: 'u\u0000' })).toBeNull();
    expect(toTerraUser({ ...wire, reference_id: 'r\ud800' })?.referenceId).toBeNull();
  });
});

describe('reading the catalogue', () => {
  it('leaves out what is switched off', () => {
    expect(toTerraProvider({ provider: 'GARMIN', enabled: false })).toBeNull();
  });

  it('lists the kinds of data that a provider gives', () => {
    const entry = {
      provider: 'oura',
      name: 'Oura',
      icon: null,
      types: { sleep: true, body: true, daily: false },
    };
    expect(toTerraProvider(entry)).toEqual({
      provider: 'OURA',
      name: 'Oura',
      icon: null,
      types: ['body', 'sleep'],
    });
  });
});
