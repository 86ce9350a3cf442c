import { parseTerraEvent } from '../terra';
import { erasedPartOf } from './erased-part';

const ERASED_AT = new Date('2026-11-23T12:00:00Z');
const LATER = new Date('2026-11-23T13:00:00Z');

const partOf = (body: object, ...erased: (`terra_user:${string}` | `end_user:${string}`)[]) =>
  erasedPartOf(
    parseTerraEvent(Buffer.from(JSON.stringify(body)))!,
    LATER,
    new Map(erased.map((name) => [name, ERASED_AT])),
  );

describe('The erased part of an event', () => {
  it.each<[string, object]>([
    ['its user', { type: 'daily', user: { user_id: 'A', provider: 'OURA' } }],
    ['its user without a provider', { type: 'deauth', user: { user_id: 'A' } }],
    ['the user beside the type, as in pointers', { type: 's3_payload', url: 'https://x', user_id: 'A' }],
  ])('is all of it when it is about an erased Terra user: %s', (_where, body) => {
    expect(partOf(body, 'terra_user:A')).toBe('all');
    expect(partOf(body, 'terra_user:B')).toBe('none');
  });

  it('is a part of a swap that names an erased old user', () => {
    const user = (id: string): object => ({ user_id: id, provider: 'OURA' });
    const swap = { type: 'user_reauth', old_user: user('A'), new_user: user('B') };
    expect(partOf(swap, 'terra_user:A')).toBe('some');
    expect(partOf(swap, 'terra_user:B')).toBe('all');
  });

  it('is none of an event that occurred after the erasure of its end user, who has come back', () => {
    const auth = { type: 'auth', user: { user_id: 'C', provider: 'OURA', reference_id: 'u_1' } };
    expect(partOf(auth, 'end_user:u_1')).toBe('none');
  });
});
