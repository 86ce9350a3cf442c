import { TerraClient, TerraError, Terra } from 'terra-api';
import type { Sandbox } from '../sandbox';
import { startTestSandbox, TEST_CREDENTIALS } from './support/sandbox';

const { devId, apiKey } = TEST_CREDENTIALS;

/** Terra's official SDK makes the calls: if it understands an answer of the sandbox, Terra could have given that answer. */
describe('The sandbox, called by the official terra-api SDK,', () => {
  let sandbox: Sandbox;
  let terra: TerraClient;

  beforeAll(async () => {
    sandbox = await startTestSandbox();
    terra = new TerraClient({ devId, apiKey, baseUrl: sandbox.apiUrl });
  });
  afterEach(() => sandbox.reset());
  afterAll(() => sandbox.close());

  const once = { maxRetries: 0 };

  it('creates a legacy widget session that lives for 15 minutes', async () => {
    const session = await terra.authentication.generatewidgetsession({
      reference_id: 'u_1',
      providers: 'garmin,NOPE',
    });
    expect(session).toMatchObject({
      status: 'success',
      expires_in: 900,
      warnings: [expect.stringContaining('NOPE')],
    });
    expect(session.url).toMatch(`${sandbox.publicUrl}/widget/session/`);
    expect(session.url).not.toContain(session.session_id);
  });

  it('answers 410 with Deprecation and Link headers when the legacy widget is switched off', async () => {
    sandbox.behaviour.legacyGone = true;
    const error = await rejection(terra.authentication.generatewidgetsession({}, once));
    expect(error.statusCode).toBe(410);
    expect(error.body).toMatchObject({
      type: 'about:blank',
      title: 'gone',
      instance: '/api/v2/auth/generateWidgetSession',
    });
    expect(error.rawResponse?.headers.get('deprecation')).toMatch(/^@\d+$/);
    expect(error.rawResponse?.headers.get('link')).toContain('rel="deprecation"');
  });

  it('answers 500 with an HTML page when no source is enabled or providers is a list', async () => {
    const asList = { providers: ['GARMIN'] } as unknown as Terra.WidgetSessionParams;
    const listError = await rejection(terra.authentication.generatewidgetsession(asList, once));
    expect([listError.statusCode, listError.body]).toEqual([500, expect.stringContaining('<html>')]);

    sandbox.behaviour.noSourceEnabled = true;
    const sourceError = await rejection(terra.authentication.generatewidgetsession({}, once));
    expect([sourceError.statusCode, sourceError.body]).toEqual([500, expect.stringContaining('<html>')]);
  });

  it('pre-allocates a user id that is not authenticated until the end user agrees', async () => {
    const answer = await terra.authentication.authenticateuser({ resource: 'oura', reference_id: 'u_1' });
    expect(answer.auth_url).toContain(`${sandbox.publicUrl}/widget/session/`);
    expect(await terra.user.getinfoforuserid({ user_id: answer.user_id })).toMatchObject({
      is_authenticated: false,
      user: { user_id: answer.user_id, provider: 'OURA', reference_id: 'u_1' },
    });
    await expect(terra.user.getinfoforuserid({ reference_id: 'u_1' })).rejects.toThrow(Terra.NotFoundError);
  });

  it('rejects an unknown resource, and a resource without its sdk_app', async () => {
    await expect(terra.authentication.authenticateuser({ resource: 'NOPE' })).rejects.toThrow(
      Terra.NotFoundError,
    );
    await expect(terra.authentication.authenticateuser({ resource: 'SAMSUNG' })).rejects.toThrow(
      Terra.BadRequestError,
    );
  });

  it.each([
    ['array', (user: object) => [user]],
    ['users', (user: object) => ({ status: 'success', users: [user] })],
    ['user', (user: object) => ({ status: 'success', user })],
  ] as const)('lists the users of a reference in the shape "%s"', async (shape, wrap) => {
    sandbox.behaviour.userInfoShape = shape;
    const user = sandbox.account.connect({ provider: 'GARMIN', referenceId: 'u 1&é' });
    const answer = await terra.user.getinfoforuserid({ reference_id: 'u 1&é' });
    expect(answer).toMatchObject(
      wrap({
        user_id: user.userId,
        provider: 'GARMIN',
        reference_id: 'u 1&é',
        active: true,
        scopes: expect.any(String) as unknown,
      }),
    );
  });

  it('answers 404 or an empty list for an unknown reference, as configured', async () => {
    await expect(terra.user.getinfoforuserid({ reference_id: 'nobody' })).rejects.toThrow(
      Terra.NotFoundError,
    );
    sandbox.behaviour.unknownReference = 'empty';
    expect(await terra.user.getinfoforuserid({ reference_id: 'nobody' })).toEqual([]);
  });

  it('lists all users at once when the request names no page', async () => {
    connectMany(3);
    const answer = await terra.user.getalluserids();
    expect(answer).toMatchObject({
      users: [{ reference_id: 'u_0' }, { reference_id: 'u_1' }, { reference_id: 'u_2' }],
    });
  });

  it.each([
    ['flat', 2, (page: object) => page],
    ['nested', 1, (page: object) => ({ data: page })],
  ] as const)('counts pages from zero, in the shape "%s"', async (shape, maxPage, wrap) => {
    sandbox.behaviour.subscriptionsShape = shape;
    connectMany(3);
    const first = await terra.user.getalluserids({ page: 0, per_page: 2 });
    const last = await terra.user.getalluserids({ page: 1, per_page: 2 });
    const results = [{ reference_id: 'u_0' }, { reference_id: 'u_1' }];
    expect(first).toMatchObject(wrap({ next: 1, max_page: maxPage, results }));
    expect(last).toMatchObject(wrap({ next: null, max_page: maxPage, results: [{ reference_id: 'u_2' }] }));
  });

  it('answers for several user ids at once, and leaves out unknown ones', async () => {
    const user = sandbox.account.connect({ provider: 'POLAR', referenceId: 'u_1' });
    const answer = await terra.user.getinfoformultipleuserids([user.userId, 'unknown']);
    expect(answer).toMatchObject([{ user_id: user.userId }]);
  });

  it('deauthenticates a user, and does not know the user afterwards', async () => {
    const { userId } = sandbox.account.connect({ provider: 'POLAR', referenceId: 'u_1' });
    expect(await terra.authentication.deauthenticateuser({ user_id: userId })).toEqual({ status: 'success' });
    await expect(terra.authentication.deauthenticateuser({ user_id: userId })).rejects.toThrow(
      Terra.NotFoundError,
    );
    await expect(terra.user.getinfoforuserid({ user_id: userId })).rejects.toThrow(Terra.NotFoundError);
  });

  it('binds a mobile token to its reference, whatever the phone sends, and accepts each token only one time', async () => {
    const answer = await terra.authentication.generateauthtoken({ queryParams: { reference_id: 'u_1' } });
    expect(answer).toEqual({ status: 'success', token: expect.any(String) as unknown, expires_in: 180 });
    const redeem = () =>
      postJson('/sandbox/phone/redeem', { token: answer.token, provider: 'APPLE', reference_id: 'u_2' });

    const first = await redeem();
    expect([first.status, await first.json()]).toEqual([
      201,
      expect.objectContaining({ reference_id: 'u_1' }),
    ]);
    expect((await redeem()).status).toBe(401);
    expect(sandbox.account.usersOf('u_1')).toHaveLength(1);
    expect(sandbox.account.usersOf('u_2')).toEqual([]);
  });

  it('lists the providers without credentials, and the enabled ones for the dev-id alone', async () => {
    const anonymous = new TerraClient({ devId: '', baseUrl: sandbox.apiUrl });
    const plain = await anonymous.integrations.fetch();
    expect(plain).toMatchObject({
      providers: expect.arrayContaining(['GARMIN']) as unknown,
      sdk_providers: ['APPLE', 'HEALTH_CONNECT', 'SAMSUNG'],
    });

    const everything = await anonymous.integrations.detailedfetch();
    const enabled = await new TerraClient({ devId, baseUrl: sandbox.apiUrl }).integrations.detailedfetch();
    expect(codes(everything)).toContain('ZWIFT');
    expect(codes(enabled)).not.toContain('ZWIFT');
    expect(enabled.providers?.[0]).toMatchObject({
      enabled: true,
      setup: 'API_KEYS_MANAGED',
      types: { activity: true },
    });
  });

  it('rejects wrong credentials with 401, and a token for an unknown dev-id with 404', async () => {
    const wrongKey = new TerraClient({ devId, apiKey: 'wrong', baseUrl: sandbox.apiUrl });
    const error = await rejection(wrongKey.user.getalluserids({}, once));
    expect(error.statusCode).toBe(401);
    expect(error.body).toMatchObject({ title: 'unauthorized', instance: '/api/v2/subscriptions' });
    const wrongId = new TerraClient({ devId: 'wrong', apiKey, baseUrl: sandbox.apiUrl });
    await expect(wrongId.authentication.generateauthtoken()).rejects.toThrow(Terra.NotFoundError);
  });

  it('echoes the whole query in the instance of a problem', async () => {
    const error = await rejection(terra.user.getinfoforuserid({ user_id: 'unknown' }));
    expect(error.body).toMatchObject({ title: 'not found', instance: '/api/v2/userInfo?user_id=unknown' });
    expect(error.rawResponse?.headers.get('content-type')).toContain('application/problem+json');
  });

  it('answers errors as {status, message} on the old host', async () => {
    const old = new TerraClient({ devId, apiKey, baseUrl: `${sandbox.url}/v2` });
    const error = await rejection(old.user.getinfoforuserid({ user_id: 'unknown' }));
    expect(error.body).toEqual({ status: 'error', message: 'User unknown was not found' });
  });

  function connectMany(count: number): void {
    for (let index = 0; index < count; index += 1) {
      sandbox.account.connect({ provider: 'GARMIN', referenceId: `u_${index}` });
    }
  }

  function postJson(path: string, body: object): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return fetch(sandbox.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  }
});

function codes(answer: Terra.IntegrationsResponse): (string | undefined)[] {
  return (answer.providers ?? []).map(({ provider }) => provider);
}

async function rejection(call: PromiseLike<unknown>): Promise<TerraError> {
  const error = await Promise.resolve(call).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TerraError);
  return error as TerraError;
}
