import { RETURN_URL, startTestApp, type TestApp } from './support/app';
import { connectionsOf, readSession, redirectUrlOf, startSession, visit } from './support/flow';
import { cancelInWidget, connectThroughWidget } from './support/sandbox';

describe('The callback', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  beforeEach(() => {
    service.sandbox.reset();
    service.sandbox.behaviour.webhooks = 'off';
  });
  afterAll(() => service.close());

  const begin = async (body: object = {}) => {
    const session = await startSession(service, { returnUrl: RETURN_URL, ...body });
    await visit(session.connectUrl);
    return { ...session, success: redirectUrlOf(service, session.referenceId, 'success') };
  };
  const statusAfter = async (url: string | URL): Promise<string | null> =>
    new URL((await visit(url)).headers.get('location') ?? '').searchParams.get('status');
  const userInfoCalls = (): number =>
    service.sandbox.requests.filter(({ path }) => path.endsWith('/userInfo')).length;

  it.each(['null', 'absent'] as const)(
    'is not used up by a visit without a user (user_id %s): the end user goes back and picks another provider',
    async (missingUserId) => {
      service.sandbox.behaviour.missingUserId = missingUserId;
      const session = await begin();
      const { widgetUrl } = session;
      expect(await statusAfter(await connectThroughWidget(widgetUrl, { provider: 'APPLE' }))).toBe('pending');
      expect(await statusAfter(await connectThroughWidget(widgetUrl, { provider: 'GARMIN' }))).toBe(
        'connected',
      );
      const { status, connections } = await readSession(service, session.id);
      expect([status, connections.map(({ provider }) => provider)]).toEqual(['completed', ['GARMIN']]);
    },
  );

  it('still reports that the end user declined after a visit without a user', async () => {
    const session = await begin();
    const { widgetUrl } = session;
    expect(await statusAfter(await connectThroughWidget(widgetUrl, { provider: 'APPLE' }))).toBe('pending');
    expect(await statusAfter(await cancelInWidget(widgetUrl, { provider: 'GARMIN' }))).toBe('cancelled');
    expect((await readSession(service, session.id)).status).toBe('cancelled');
  });

  it('asks Terra by the reference if it names no usable user', async () => {
    const session = await begin();
    await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
    expect(await statusAfter(`${session.success}?user_id=${'x'.repeat(300)}`)).toBe('connected');
    expect((await readSession(service, session.id)).connections).toMatchObject([{ provider: 'GARMIN' }]);
  });

  it('asks Terra by the reference at most once in two seconds', async () => {
    const session = await begin();
    for (let time = 0; time < 5; time += 1) expect(await statusAfter(session.success)).toBe('pending');
    expect(userInfoCalls()).toBeLessThanOrEqual(2);
  });

  it('without a user connects nothing that existed before the session, of another provider, or of which Terra has two', async () => {
    const { account } = service.sandbox;
    const referenceId = 'has-an-old-account';
    const old = account.connect({ provider: 'GARMIN', referenceId });
    old.createdAt -= 60_000;
    const session = await begin({ referenceId, providers: ['GARMIN'] });
    account.connect({ provider: 'OURA', referenceId });
    expect(await statusAfter(session.success)).toBe('pending');
    const other = await begin({ referenceId: 'has-two-new-accounts' });
    for (const provider of ['GARMIN', 'OURA'])
      account.connect({ provider, referenceId: 'has-two-new-accounts' });
    expect(await statusAfter(other.success)).toBe('pending');
    for (const id of [referenceId, 'has-two-new-accounts'])
      expect(await connectionsOf(service, id)).toEqual([]);
  });

  it('T-17: twenty visits at once have one effect, and each shows its result', async () => {
    const session = await begin();
    const callbackUrl = await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
    Object.assign(service.sandbox.behaviour, { delayMs: 500, faultsOnlyOn: '/userInfo' });
    const statuses = await Promise.all(Array.from({ length: 20 }, () => statusAfter(callbackUrl)));
    expect(new Set(statuses)).toEqual(new Set(['connected']));
    expect(userInfoCalls()).toBe(1);
    expect(await connectionsOf(service, session.referenceId)).toHaveLength(1);
  });

  it('a second visit shows the result of the first also when Terra confirms nothing', async () => {
    const session = await begin();
    service.sandbox.account.connect({ provider: 'GARMIN', referenceId: 'somebody-else' });
    const [foreign] = service.sandbox.account.usersOf('somebody-else');
    Object.assign(service.sandbox.behaviour, { delayMs: 300, faultsOnlyOn: '/userInfo' });
    const url = `${session.success}?user_id=${foreign?.userId}`;
    expect(await Promise.all([statusAfter(url), statusAfter(url)])).toEqual(['pending', 'pending']);
    expect(userInfoCalls()).toBe(1);
    expect(await connectionsOf(service, 'somebody-else')).toEqual([]);
  });
});
