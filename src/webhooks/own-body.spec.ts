import { ownBodyOf } from './own-body';

const MINE = { referenceId: 'me', terraUserIds: ['A'], successorIds: ['B'] };
const user = (user_id: string, reference_id: string | null) => ({
  user_id,
  reference_id,
  scopes: `of ${user_id}`,
});
const ownPart = (event: unknown): unknown => {
  const text = ownBodyOf(Buffer.from(JSON.stringify(event)), MINE);
  return text === null ? null : JSON.parse(text);
};

describe('T-16: the part of an event’s body that is an end user’s own', () => {
  it('is the unchanged text of an event that names no other end user', () => {
    for (const text of [
      '{"type":"auth",  "user":{"user_id":"A","reference_id":"me"},"reference_id":"me","message":"hi"}',
      '{"type":"deauth","user":{"user_id":"A","reference_id":null}}',
      '{"type":"auth","user":{"user_id":"A","reference_id":"null"},"reference_id":""}',
      '{"type":"auth","status":"error","user":{"user_id":"never-linked","reference_id":"me"}}',
    ])
      expect(ownBodyOf(Buffer.from(text), MINE)).toBe(text);
  });

  it.each<[string, object, object | null]>([
    [
      'the old user of a swap to another end user',
      { type: 'user_reauth', message: 'A is B', old_user: user('A', 'me'), new_user: user('B', 'other') },
      { type: 'user_reauth', old_user: user('A', 'me'), new_user: null },
    ],
    [
      'the new user of a swap from another end user, which Terra names only by id',
      { type: 'user_reauth', old_user: { user_id: 'C' }, new_user: user('A', 'me') },
      { type: 'user_reauth', old_user: null, new_user: user('A', 'me') },
    ],
    [
      'the claim to another end user’s Terra user, without the user',
      { type: 'auth', user: user('B', 'me'), reference_id: 'me' },
      { type: 'auth', user: null, reference_id: 'me' },
    ],
    [
      'nothing of a claim by another end user',
      { type: 'auth', user: user('A', 'other'), reference_id: 'other' },
      null,
    ],
    [
      'nothing of a change of permissions of another',
      { type: 'permission_change', user: user('A', 'other'), scopes_added: 's' },
      null,
    ],
    [
      'nothing when another text repeats an id of the other',
      { type: 'x', new_user: user('C', null), note: 'of C' },
      null,
    ],
    [
      'the own items of a list',
      { type: 'auth', users: [user('A', 'me'), user('C', null)] },
      { type: 'auth', users: [user('A', 'me'), null] },
    ],
  ])('is %s', (_part, event, expected) => {
    expect(ownPart(event)).toEqual(expected);
  });

  it('is nothing of a body that is no JSON object, no UTF-8, or nested too deeply', () => {
    const deep = `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`;
    for (const body of ['no JSON', '"text"', '7', deep])
      expect(ownBodyOf(Buffer.from(body), MINE)).toBeNull();
    expect(ownBodyOf(Buffer.from([0x7b, 0xff, 0x7d]), MINE)).toBeNull();
  });
});
