import { randomUUID } from 'node:crypto';
import { WebhookInboxWorker } from '../src/webhooks';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, startSession, stateOf } from './support/flow';
import { nowInSeconds, postWebhook, signatureHeader } from './support/webhooks';

describe('A repeated webhook has no second effect', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  const authOf = (referenceId: string) => ({
    type: 'auth',
    status: 'success',
    user: { user_id: randomUUID(), provider: 'GARMIN', reference_id: referenceId, scopes: 'A,B' },
  });
  const eventsStored = async (): Promise<number> => {
    const [row] = await service.query<{ count: string }>('SELECT count(*) FROM terra_connect.webhook_events');
    return Number(row?.count);
  };
  const copies = <T>(count: number, make: (copy: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, (_, copy) => make(copy)));

  it('T-06, T-14: of 50 copies at the same time, the service stores one and links one account', async () => {
    const session = await startSession(service);
    const event = JSON.stringify(authOf(session.referenceId));
    const signature = signatureHeader(event);
    const traceId = randomUUID();
    const before = await eventsStored();
    const answers = await copies(50, () => postWebhook(service, event, { signature, traceId }));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(await eventsStored()).toBe(before + 1);

    const worker = service.app.get(WebhookInboxWorker, { strict: false });
    await copies(8, () => worker.runOnce());
    await service.drainWebhooks();
    expect(await connectionsOf(service, session.referenceId)).toHaveLength(1);
  });

  it('T-06: a retry with a new signature and the same trace id is the same delivery', async () => {
    const event = authOf(newReference());
    const traceId = randomUUID();
    const before = await eventsStored();
    for (const secondsAgo of [20, 10, 0]) {
      const answer = await postWebhook(service, event, { traceId, timestamp: nowInSeconds() - secondsAgo });
      expect(answer.status).toBe(200);
    }
    expect(await eventsStored()).toBe(before + 1);
  });

  it.each<[string, string | string[] | null]>([
    ['another trace id', 'another-trace'],
    ['no trace id', null],
    ['two trace ids', ['one', 'two']],
    ['an empty trace id', ''],
    ['a trace id of 8 KB', 'x'.repeat(8_000)],
    ['a trace id in another script', Buffer.from('spår').toString('latin1')],
    ['a trace id that imitates our own key', 'body:0'],
  ])('T-07: a captured webhook with %s is still a repetition', async (_case, traceId) => {
    const referenceId = newReference();
    const event = JSON.stringify(authOf(referenceId));
    const signature = signatureHeader(event);
    await postWebhook(service, event, { signature });
    await service.drainWebhooks();
    const before = await stateOf(service);
    const repetition = await postWebhook(service, event, { signature, traceId });
    expect(repetition.status).toBe(200);
    await service.drainWebhooks();
    expect(await stateOf(service)).toEqual(before);
  });

  it('T-07: a captured signature in another case or order, or beside another one, is not a new signature', async () => {
    const event = JSON.stringify(authOf(newReference()));
    const signature = signatureHeader(event);
    const [time, v1 = ''] = signature.split(',');
    await postWebhook(service, event, { signature });
    const before = await eventsStored();
    const variants = [
      `${time},${v1.toUpperCase().replace('V1', 'v1')}`,
      `${v1},${time}`,
      `${time},v1=${'0'.repeat(64)},${v1}`,
      `${time},v0=x,${v1}`,
    ];
    for (const variant of variants) {
      expect((await postWebhook(service, event, { signature: variant })).status).toBe(200);
      const asOld = { signature: null, headers: { 'terra-signature': variant } };
      expect((await postWebhook(service, event, asOld)).status).toBe(200);
    }
    expect(await eventsStored()).toBe(before);
  });

  it('different events are all stored, although they share a terra-reference', async () => {
    const headers = { 'terra-reference': randomUUID() };
    const before = await eventsStored();
    await postWebhook(service, authOf(newReference()), { headers });
    await postWebhook(service, authOf(newReference()), { headers });
    await postWebhook(service, authOf(newReference()), { headers, traceId: null });
    expect(await eventsStored()).toBe(before + 3);
  });

  it('T-25: the whole history, resent with new signatures, changes no connection', async () => {
    const referenceId = newReference();
    const { account } = service.sandbox;
    const first = account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    const other = account.connect({ provider: 'OURA', referenceId });
    account.changePermissions(other.userId, { remove: ['sleep'] });
    await service.drainWebhooks();
    account.deauthenticate(other.userId);
    await service.drainWebhooks();
    const before = await connectionsOf(service, referenceId);
    expect(before.map(({ status }) => status).sort()).toEqual(['active', 'disconnected']);
    expect(before.some(({ terraUserId }) => terraUserId === first.userId)).toBe(false);

    // Terra's dashboard sends events again with the original body and ordering time.
    for (const { body, orderingTimestamp } of service.sandbox.deliveries) {
      await postWebhook(service, body, { occurredAt: new Date(orderingTimestamp) });
      await service.drainWebhooks();
    }
    const withoutTimes = (list: object[]) => list.map((item) => ({ ...item, updatedAt: null }));
    expect(withoutTimes(await connectionsOf(service, referenceId))).toEqual(withoutTimes(before));
  });
});

describe('T-10: while a signing secret is replaced', () => {
  const [OLD, NEW] = ['0ld5ec2e70ld5ec2e70ld5ec2e7', 'ne35ec2e7ne35ec2e7ne35ec2e7'];
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp({ TERRA_SIGNING_SECRETS: `${OLD},${NEW}` })));
  afterAll(() => service.close());

  it('each event counts once, although two destinations deliver it under different trace ids', async () => {
    const referenceId = newReference();
    const user = { user_id: randomUUID(), provider: 'GARMIN', reference_id: referenceId, scopes: 'A,B' };
    const occurredAt = new Date();
    const events = [
      { type: 'auth', status: 'success', user },
      { type: 'connection_error', status: 'warning', user },
    ];
    for (const event of events) {
      for (const secret of [OLD, NEW])
        expect((await postWebhook(service, event, { secret, occurredAt })).status).toBe(200);
    }
    await service.drainWebhooks();
    const [connection] = await connectionsOf(service, referenceId);
    expect(connection).toMatchObject({ status: 'needs_reauth' });
    const history = await service.api<{ items: object[] }>(
      'GET',
      `/v1/connections/${connection?.id}/history`,
    );
    expect(history.body.items).toHaveLength(events.length);
  });
});
