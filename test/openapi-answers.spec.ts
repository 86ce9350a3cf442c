import { ApiContract, type LiveAnswer } from './support/api-contract';

const ID = '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10';
const PROVIDER = { provider: 'GARMIN', name: 'Garmin', icon: null, types: [] };
const PROBLEM = {
  type: 'urn:terra-connect:problem:session.not_found',
  title: 'Not found',
  status: 404,
  code: 'session.not_found',
  detail: 'There is no such connect session.',
};

const answer = (
  path: string,
  body: unknown,
  { headers, ...others }: Partial<LiveAnswer> = {},
): LiveAnswer => ({
  method: 'GET',
  path,
  status: 200,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  ...others,
  headers: { 'content-type': 'application/json; charset=utf-8', 'x-request-id': ID, ...headers },
});
const providers = (item: object, options: Partial<LiveAnswer> = {}): LiveAnswer =>
  answer('/v1/providers', { items: [item], nextCursor: null }, options);
const refused = (members: object, options: Partial<LiveAnswer> = {}): LiveAnswer =>
  answer(
    `/v1/connect-sessions/${ID}`,
    { ...PROBLEM, ...members },
    {
      status: 404,
      ...options,
      headers: { 'content-type': 'application/problem+json', ...options.headers },
    },
  );

describe('The check of live answers', () => {
  const contract = ApiContract.ofRepository();

  it.each<[what: string, answer: LiveAnswer]>([
    ['a success', providers(PROVIDER)],
    ['a problem', refused({})],
    [
      'the problem of an unknown route',
      answer('/v2', { ...PROBLEM, code: 'route.not_found' }, { status: 404 }),
    ],
    [
      'a page',
      answer('/connect/abc', '<!doctype html>', { status: 410, headers: { 'content-type': 'text/html' } }),
    ],
    ['an answer to HEAD', { ...providers(PROVIDER), method: 'HEAD', body: '' }],
  ])('accepts %s', (_what, good) => {
    expect(contract.problemsOf(good)).toEqual([]);
  });

  it.each<[what: string, problem: string, answer: LiveAnswer]>([
    ['an unknown operation', 'no operation', answer('/v1/new', {})],
    ['an undeclared status', 'the status is not declared', providers(PROVIDER, { status: 206 })],
    [
      'an undeclared media type',
      '"text/csv" is not declared',
      providers(PROVIDER, { headers: { 'content-type': 'text/csv' } }),
    ],
    [
      'a body where none is declared',
      'is not declared',
      answer('/webhooks/terra', { ok: true }, { method: 'POST' }),
    ],
    [
      'an undeclared header',
      'the header x-new is not declared',
      providers(PROVIDER, { headers: { 'x-new': '1' } }),
    ],
    [
      'a header with a wrong value',
      'the header retry-after: ',
      refused({}, { status: 503, headers: { 'retry-after': 'soon' } }),
    ],
    ['a missing header', 'the header www-authenticate is missing', refused({}, { status: 401 })],
    [
      'a missing request id',
      'no x-request-id',
      providers(PROVIDER, { headers: { 'x-request-id': undefined } }),
    ],
    ['an undeclared member', '"additionalProperty":"country"', providers({ ...PROVIDER, country: 'US' })],
    ['a missing member', "must have required property 'types'", providers({ ...PROVIDER, types: undefined })],
    ['a null that is not declared', '/items/0/name must be string', providers({ ...PROVIDER, name: null })],
    ['an undeclared member of a problem', '"additionalProperty":"hint"', refused({ hint: 'x' })],
    [
      'a code that the operation does not declare',
      'the code sweep.running is not declared',
      refused({ code: 'sweep.running' }),
    ],
    ['an unknown code', 'must be equal to one of the allowed values', refused({ code: 'new.code' })],
  ])('reports %s', (_what, problem, bad) => {
    expect(contract.problemsOf(bad).join('\n')).toContain(problem);
  });
});

describe('openapi.json', () => {
  it('has examples that its own schemas accept', () => {
    expect(ApiContract.ofRepository().wrongExamples()).toEqual([]);
  });
});
