import { CONNECTION_STATUSES } from '../connection-status';
import { passageOf, type DataOwner } from './data-passage';

const CLAIM = { terraUserId: 'A', isPointer: false, isErased: false };
const OWNER: DataOwner = {
  terraUserId: 'A',
  connectionId: 'c',
  referenceId: 'u_1',
  status: 'active',
  mergedInto: null,
  provisionalCheckAt: null,
  endedAt: null,
};
const forwarded = { kind: 'forwarded', owner: OWNER };
const withheld = (cause: string) => ({ kind: 'withheld', cause });

describe('T-24: data of a Terra user', () => {
  it.each([
    ['active', 'forwarded'],
    ['needs_reauth', 'forwarded'],
    ['disconnecting', 'withheld'],
    ['disconnected', 'withheld'],
    ['moved', 'withheld'],
  ] as const)('whose connection is %s is %s', (status, kind) => {
    expect(passageOf(CLAIM, { ...OWNER, status })).toMatchObject({ kind });
  });

  it('is decided for every status', () => {
    for (const status of CONNECTION_STATUSES)
      expect(['forwarded', status]).toContain(
        Object.values(passageOf(CLAIM, { ...OWNER, status })).find(
          (value) => typeof value === 'string' && value !== 'withheld',
        ),
      );
  });

  it('never leaves when it names an erased end user, whatever else is known', () => {
    for (const owner of [null, OWNER])
      expect(passageOf({ ...CLAIM, isErased: true }, owner)).toEqual(withheld('erased'));
  });

  it('never leaves when its connection is merged into another one, or its Terra user has ended', () => {
    expect(passageOf(CLAIM, { ...OWNER, mergedInto: 'd' })).toEqual(withheld('merged'));
    expect(passageOf(CLAIM, { ...OWNER, endedAt: new Date() })).toEqual(withheld('disconnected'));
  });

  it('waits while the Terra user has no owner, or its connection is provisional', () => {
    expect(passageOf(CLAIM, null)).toEqual({ kind: 'waiting' });
    expect(passageOf(CLAIM, { ...OWNER, provisionalCheckAt: new Date() })).toEqual({ kind: 'waiting' });
  });

  it('leaves with its owner', () => {
    expect(passageOf(CLAIM, OWNER)).toEqual(forwarded);
  });

  it('must name the Terra user, unless it is only a pointer', () => {
    expect(passageOf({ ...CLAIM, terraUserId: null }, null)).toEqual(withheld('no_terra_user'));
    expect(passageOf({ ...CLAIM, terraUserId: null, isPointer: true }, null)).toEqual({
      kind: 'forwarded',
      owner: null,
    });
  });
});
