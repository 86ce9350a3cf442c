import { isRetried, payloadProblemOf, pointerOf } from './payload-pointer';

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

describe('pointerOf', () => {
  const pointer = (more: object) => pointerOf(bytes({ type: 's3_payload', ...more }));

  it('reads the URL, its host and how long it is valid', () => {
    expect(pointer({ url: 'https://b.example.com/k?s=1', expires_in: 600 })).toEqual({
      url: 'https://b.example.com/k?s=1',
      host: 'b.example.com',
      validMs: 600_000,
    });
  });

  it.each([[{}], [{ url: null }], [{ url: 7 }], [{ url: 'no url' }]])('finds no URL in %j', (more) => {
    expect(pointer(more)).toMatchObject({ url: null, host: null });
  });

  it.each([
    [undefined, 300_000],
    ['600', 300_000],
    [-1, 300_000],
    [1e9, 3_600_000],
  ])('bounds the time for which a URL counts as valid: %p', (seconds, validMs) => {
    expect(pointer({ url: 'https://b.example.com/', expires_in: seconds })).toMatchObject({ validMs });
  });
});

describe('T-18: a payload', () => {
  it.each(['daily', 'processing', 'brand_new', 'lab_report.completed', 'healthcheck'])(
    'may be %s',
    (type) => {
      expect(payloadProblemOf(bytes({ type }))).toBeNull();
    },
  );

  it.each(['auth', 'auth_cancelled', 'deauth', 'access_revoked', 'user_reauth', 'permission_change'])(
    'must not change a connection by %s: only its pointer is signed',
    (type) => {
      expect(payloadProblemOf(bytes({ type, user: { user_id: 'A' } }))).toBe('not_data');
    },
  );

  it('must not lead to a further place', () => {
    expect(payloadProblemOf(bytes({ type: 's3_payload' }))).toBe('not_data');
  });

  it.each([Buffer.from('{'), Buffer.from('[]'), Buffer.from('{}'), Buffer.from([0xff, 0xfe])])(
    'must be an event of Terra',
    (body) => {
      expect(payloadProblemOf(body)).toBe('unreadable');
    },
  );
});

describe('isRetried', () => {
  it.each([
    ['connection_failed', 'ECONNRESET', true],
    ['timed_out', 'TOTAL', true],
    ['answer_rejected', 'STATUS_503', true],
    ['answer_rejected', 'STATUS_429', true],
    ['answer_rejected', 'STATUS_403', false],
    ['answer_rejected', 'STATUS_302', false],
    ['answer_rejected', 'CONTENT_TYPE', false],
    ['address_forbidden', 'private', false],
    ['url_forbidden', 'x', false],
    ['too_large', 'BODY', false],
  ] as const)('%s (%s): %p', (code, detail, expected) => {
    expect(isRetried({ code, detail })).toBe(expected);
  });
});
