import { readTerraUserPage, readTerraUsers, toTerraProvider, toTerraUser, toTerraUsers } from './terra.types';

const wire = { user_id: 'u-1', provider: 'garmin', reference_id: 'r', scopes: 'A, B,A', active: true };
const user = {
  terraUserId: 'u-1',
  provider: 'GARMIN',
  referenceId: 'r',
  scopes: ['A', 'B'],
  active: true,
  createdAt: null,
  lastWebhookUpdate: null,
};

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
      createdAt: null,
      lastWebhookUpdate: null,
    });
  });

  it.each([
    ['2026-11-24T10:00:00.000Z', '2026-11-24T10:00:00.000Z'],
    ['2026-11-24T10:00:00.123456+02:00', '2026-11-24T08:00:00.123Z'],
    ['2026-11-24T10:00:00.5', '2026-11-24T10:00:00.500Z'],
    ['yesterday', null],
    [1_700_000_000, null],
  ])('reads the time %s as UTC, or as none', (created_at, expected) => {
    expect(toTerraUser({ ...wire, created_at })?.createdAt?.toISOString() ?? null).toBe(expected);
  });

  it('refuses text that Postgres cannot hold as it is', () => {
    expect(toTerraUser({ ...wire, user_id: 'u\u0000' })).toBeNull();
    expect(toTerraUser({ ...wire, reference_id: 'r\ud800' })?.referenceId).toBeNull();
  });
});

describe('reading a list that may be empty', () => {
  it.each([
    ['a bare array', []],
    ['{users}', { status: 'success', users: [] }],
    ['{user}', { status: 'success', is_authenticated: false, user: null }],
  ])('takes %s of nobody for nobody', (_, body) => {
    expect(readTerraUsers(body)).toEqual([]);
  });

  it.each([
    ['no list at all', { status: 'success' }],
    ['a list that is none', { users: 'x' }],
    ['a list of which one cannot be read', { users: [wire, { user_id: 5 }] }],
    ['a user who cannot be read', { user: { user_id: 'u-1' } }],
    ['nothing', null],
  ])('does not take %s for nobody', (_, body) => {
    expect(readTerraUsers(body)).toBeNull();
  });
});

describe('reading a page of all users', () => {
  it.each([
    ['flat', { status: 'success', next: 3, max_page: 4, results: [wire] }],
    ['nested', { data: { next: 3, max_page: 3, results: [wire] } }],
  ])('accepts it %s', (_, body) => {
    expect(readTerraUserPage(body, 2)).toEqual({ users: [user], unreadable: 0, next: 3 });
  });

  it('counts those that cannot be read, instead of dropping them', () => {
    const body = { next: null, results: [wire, { user_id: 'u-2' }, null] };
    expect(readTerraUserPage(body, 0)).toEqual({ users: [user], unreadable: 2, next: null });
  });

  it.each([
    ['without results', { status: 'success', next: null, max_page: 0 }],
    ['whose results are no list', { next: null, results: {} }],
    ['that does not say what follows', { results: [wire] }],
    ['that leads to itself', { next: 2, results: [wire] }],
    ['that leads back', { data: { next: 0, results: [wire] } }],
    ['that leads to half a page', { next: 2.5, results: [wire] }],
    ['that is a bare list', [wire]],
    ['that is no JSON', undefined],
  ])('refuses one %s', (_, body) => {
    expect(readTerraUserPage(body, 2)).toBeNull();
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
