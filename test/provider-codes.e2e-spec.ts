import { DataSource } from 'typeorm';
import { OneCodePerProvider1795700300000 } from '../migrations/1795700300000-one-code-per-provider';
import { TerraClient } from '../src/terra';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, readSession, startSession } from './support/flow';
import { postWebhook } from './support/webhooks';

describe('A provider that Terra knows by several codes', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  const user = (referenceId: string, userId: string, provider: string): object => ({
    user_id: userId,
    provider,
    reference_id: referenceId,
    scopes: 'activity',
    active: true,
  });
  const receive = async (event: object): Promise<void> => {
    await postWebhook(service, event);
    await service.drainWebhooks();
  };
  const connect = (referenceId: string, userId: string, provider: string): Promise<void> =>
    receive({ type: 'auth', status: 'success', user: user(referenceId, userId, provider) });

  it('has one connection when an account is reconnected under another code', async () => {
    const referenceId = newReference();
    const [first, second] = [`${referenceId}-1`, `${referenceId}-2`];
    await connect(referenceId, first, 'GOOGLEFIT');
    await receive({
      type: 'user_reauth',
      status: 'success',
      old_user: user(referenceId, first, 'GOOGLEFIT'),
      new_user: user(referenceId, second, 'GOOGLE'),
    });
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { provider: 'GOOGLE', status: 'active', terraUserId: second },
    ]);
  });

  it('is found by each of its codes', async () => {
    const referenceId = newReference();
    await connect(referenceId, referenceId, 'HEALTH_CONNECT');
    const query = `referenceId=${referenceId}&provider=healthconnect`;
    const { body } = await service.api('GET', `/v1/connections?${query}`);
    expect(body).toMatchObject({ items: [{ terraUserId: referenceId }] });
  });

  it('is one provider of a session, which asks Terra for the code of the catalogue', async () => {
    const entry = { name: '', icon: null, types: [] };
    const catalogue = [
      { ...entry, provider: 'GARMIN', terraCode: 'GARMIN' },
      { ...entry, provider: 'GOOGLE', terraCode: 'GOOGLEFIT' },
    ];
    jest.spyOn(service.app.get(TerraClient, { strict: false }), 'listProviders').mockResolvedValue(catalogue);
    const session = await startSession(service, { providers: ['GOOGLE_FIT', 'google', 'garmin'] });
    expect(await readSession(service, session.id)).toMatchObject({ providers: ['GOOGLE', 'GARMIN'] });
    const sent = service.sandbox.requests.map(({ body }) => body as Record<string, unknown>);
    expect(sent.findLast((body) => body?.reference_id === session.referenceId)).toMatchObject({
      providers: 'GOOGLEFIT,GARMIN',
    });
  });

  it('gets its one code in the rows of earlier versions, so that a reconnect continues the connection', async () => {
    const referenceId = newReference();
    const [first, second] = [`${referenceId}-1`, `${referenceId}-2`];
    await connect(referenceId, first, 'SAMSUNG');
    for (const table of ['connections', 'connection_identities', 'connection_facts'])
      await service.query(
        `UPDATE terra_connect.${table} SET provider = 'SAMSUNG_HEALTH' WHERE terra_user_id = $1`,
        [first],
      );
    const [before] = await connectionsOf(service, referenceId);
    expect(before?.provider).toBe('SAMSUNG_HEALTH');

    const runner = service.app.get(DataSource).createQueryRunner();
    await new OneCodePerProvider1795700300000().up(runner);
    await runner.release();
    await receive({
      type: 'user_reauth',
      status: 'success',
      old_user: user(referenceId, first, 'SAMSUNG_HEALTH'),
      new_user: user(referenceId, second, 'SAMSUNG_HEALTH'),
    });
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { id: before?.id, provider: 'SAMSUNG', status: 'active', terraUserId: second },
    ]);
  });
});
