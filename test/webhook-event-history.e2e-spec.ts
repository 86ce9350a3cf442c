import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, readSession, startSession } from './support/flow';
import { auth, deauth, PastWebhooks, userOf } from './support/past-webhooks';

describe('T-25: a replay cannot override newer facts', () => {
  let service: TestApp;
  let past: PastWebhooks;
  beforeAll(async () => {
    service = await startTestApp();
    past = new PastWebhooks(service);
  });
  afterAll(() => service.close());

  const withoutUpdates = <T>(answer: T): T =>
    JSON.parse(JSON.stringify(answer, (key, value: unknown) => (key === 'updatedAt' ? null : value))) as T;
  const outcomeOf = async (referenceId: string) => withoutUpdates(await connectionsOf(service, referenceId));
  const sessionOf = async (id: string) => withoutUpdates(await readSession(service, id));

  it('an old auth that is replayed after the deauth reactivates no connection', async () => {
    const referenceId = newReference();
    const user = userOf(referenceId);
    const linked = await past.deliver(auth(user));
    await past.deliver(deauth(user));
    const before = await outcomeOf(referenceId);
    expect(before).not.toMatchObject([{ status: 'active' }]);
    expect((await past.replay({ ids: [linked] })).body).toMatchObject({ replayed: 1 });
    await service.drainWebhooks();
    expect(await outcomeOf(referenceId)).toEqual(before);
  });

  it('an old deauth that is replayed after the reconnect ends no connection', async () => {
    const referenceId = newReference();
    const [old, renewed] = [userOf(referenceId), userOf(referenceId)];
    await past.deliver(auth(old));
    const ended = await past.deliver(deauth(old));
    await past.deliver({ type: 'user_reauth', old_user: old, new_user: renewed });
    const before = await outcomeOf(referenceId);
    expect(before).toMatchObject([{ terraUserId: renewed.user_id, status: 'active' }]);
    expect((await past.replay({ ids: [ended] })).body).toMatchObject({ replayed: 1 });
    await service.drainWebhooks();
    expect(await outcomeOf(referenceId)).toEqual(before);
  });

  it('the whole history, replayed in one request and event by event, changes no connection', async () => {
    const { account } = service.sandbox;
    const session = await startSession(service);
    const { referenceId } = session;
    const historyStart = new Date().toISOString();
    account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    const oura = account.connect({ provider: 'OURA', referenceId });
    await service.drainWebhooks();
    account.changePermissions(oura.userId, { remove: ['sleep'] });
    await service.drainWebhooks();
    const whoop = account.connect({ provider: 'WHOOP', referenceId });
    await service.drainWebhooks();
    account.reportConnectionError(whoop.userId);
    await service.drainWebhooks();
    account.deauthenticate(oura.userId);
    account.sendData(whoop.userId);
    await service.drainWebhooks();
    const before = await outcomeOf(referenceId);
    const sessionBefore = await sessionOf(session.id);
    expect(new Set(before.map(({ status }) => status)).size).toBe(3);

    const everything = { receivedFrom: '2020-01-01' };
    const { body } = await past.replay({ filter: everything, limit: 10_000 });
    expect(body).toMatchObject({ skipped: 0, remaining: 0 });
    expect(body.replayed).toBeGreaterThan(7);
    await service.drainWebhooks();
    expect(await outcomeOf(referenceId)).toEqual(before);

    // Newest first, the reverse of the order in which they occurred.
    for (const id of await past.idsOf({ receivedFrom: historyStart })) {
      await past.replay({ ids: [id] });
      await service.drainWebhooks();
      expect(await outcomeOf(referenceId)).toEqual(before);
    }
    expect(await sessionOf(session.id)).toEqual(sessionBefore);
  });
});
