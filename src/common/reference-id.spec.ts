import { describeNewReferenceIdProblem, describeReferenceIdProblem } from './reference-id';

describe('A reference id', () => {
  it.each(['.', '..', 'a/..', '../a', 'a\\.\\b', '/a', 'a/', 'a//b', ' a', 'a\u00a0', '\uFEFFa', 'a\uFFFD'])(
    'that proxies, clients or decoders change is rejected for a new link, but older rows keep it: %j',
    (id) => {
      expect(describeNewReferenceIdProblem(id)).toEqual(expect.any(String));
      expect(describeReferenceIdProblem(id)).toBeNull();
    },
  );

  it.each(['a', 'a.b', '...', '..a', 'a..', 'a/b', 'a\\', 'a b', 'a%2Fb', 'Zoë', '🫀', '0'])(
    'may be %j',
    (id) => {
      expect(describeNewReferenceIdProblem(id)).toBeNull();
    },
  );

  it.each([undefined, null, 5, ['a'], '', 'null', 'a\0b', 'a\ud800', 'x'.repeat(256)])(
    'that no row can have is rejected everywhere (%#)',
    (value) => {
      expect(describeReferenceIdProblem(value)).toEqual(expect.any(String));
      expect(describeNewReferenceIdProblem(value)).toBe(describeReferenceIdProblem(value));
    },
  );
});
