import { readTerraUserPage, readTerraUsers, toTerraProvider, toTerraUser } from './terra.types';

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

describe('Reading users', () => {
  it.each([
    ['a bare array', [wire]],
    ['{users}', { status: 'success', users: [wire] }],
    ['{user}', { status: 'success', is_authenticated: true, user: wire }],
  ])('accepts %s', (_, body) => {
    expect(readTerraUsers(body)).toEqual([user]);
  });

  it('finds no list in any other value, and never throws', () => {
    for (const body of [null, undefined, 'text', 7, {}, { users: 'x' }, [null, { user_id: 5 }]]) {
      expect(readTerraUsers(body)).toBeNull();
    }
  });

  it('gives null for a field that Terra omits', () => {
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
  ])('reads the time %s as UTC, or as null', (created_at, expected) => {
    expect(toTerraUser({ ...wire, created_at })?.createdAt?.toISOString() ?? null).toBe(expected);
  });

  it('rejects text that Postgres cannot store unchanged', () => {
    expect(toTerraUser({ ...wire, user_id: 'u\u0000' })).toBeNull();
    expect(toTerraUser({ ...wire, reference_id: 'r\ud800' })?.referenceId).toBeNull();
  });
});

describe('Reading a list that may be empty', () => {
  it.each([
    ['a bare array', []],
    ['{users}', { status: 'success', users: [] }],
    ['{user}', { status: 'success', is_authenticated: false, user: null }],
  ])('reads %s without users as an empty list', (_, body) => {
    expect(readTerraUsers(body)).toEqual([]);
  });

  it.each([
    ['an object without a list', { status: 'success' }],
    ['a list of the wrong type', { users: 'x' }],
    ['a list with an unreadable user', { users: [wire, { user_id: 5 }] }],
    ['an unreadable user', { user: { user_id: 'u-1' } }],
    ['null', null],
  ])('does not read %s as an empty list', (_, body) => {
    expect(readTerraUsers(body)).toBeNull();
  });
});

describe('Reading a page of all users', () => {
  it.each([
    ['flat', { status: 'success', next: 3, max_page: 4, results: [wire] }],
    ['nested', { data: { next: 3, max_page: 3, results: [wire] } }],
  ])('accepts the %s shape', (_, body) => {
    expect(readTerraUserPage(body, 2)).toEqual({ users: [user], unreadable: 0, next: 3 });
  });

  it('counts unreadable users instead of dropping them', () => {
    const body = { next: null, results: [wire, { user_id: 'u-2' }, null] };
    expect(readTerraUserPage(body, 0)).toEqual({ users: [user], unreadable: 2, next: null });
  });

  it.each([
    ['without results', { status: 'success', next: null, max_page: 0 }],
    ['whose results are not a list', { next: null, results: {} }],
    ['that does not name the next page', { results: [wire] }],
    ['that names itself as the next page', { next: 2, results: [wire] }],
    ['that names an earlier page as the next', { data: { next: 0, results: [wire] } }],
    ['that names a fraction as the next page', { next: 2.5, results: [wire] }],
    ['that is a bare list', [wire]],
    ['that is not JSON', undefined],
  ])('rejects a page %s', (_, body) => {
    expect(readTerraUserPage(body, 2)).toBeNull();
  });
});

describe('Reading the catalogue', () => {
  it('leaves out a disabled provider', () => {
    expect(toTerraProvider({ provider: 'GARMIN', enabled: false })).toBeNull();
  });

  it('lists the data types of a provider', () => {
    const entry = {
      provider: 'oura',
      name: 'Oura',
      icon: null,
      types: { sleep: true, body: true, daily: false },
    };
    expect(toTerraProvider(entry)).toEqual({
      provider: 'OURA',
      terraCode: 'OURA',
      name: 'Oura',
      icon: null,
      types: ['body', 'sleep'],
    });
  });

  it('knows a provider by its canonical code, and keeps the code that Terra uses', () => {
    expect(toTerraProvider({ provider: 'GoogleFit' })).toMatchObject({
      provider: 'GOOGLE',
      terraCode: 'GOOGLEFIT',
    });
  });
});
