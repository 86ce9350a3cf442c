import { DeauthenticationWorker } from '../src/connections';
import { ErasureWorker } from '../src/privacy';
import { WebhookInboxWorker } from '../src/webhooks';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, shiftClock, startSession, visit } from './support/flow';
import { refusal } from './support/refusals';
import { connectThroughWidget } from './support/sandbox';
import { postWebhook } from './support/webhooks';

interface ErasureAnswer {
  id: string;
  status: string;
  completedAt: string | null;
  counts: Record<string, number>;
  confirmations: { outcome: string | null; confirmedAt: string | null }[];
}

let service: TestApp;
beforeEach(async () => (service = await startTestApp()));
afterEach(async () => {
  jest.restoreAllMocks();
  await service.close();
});

const pathOf = (referenceId: string): string => `/v1/end-users/${encodeURIComponent(referenceId)}`;
const erase = async (referenceId: string): Promise<ErasureAnswer> => {
  const { status, body } = await service.api<ErasureAnswer>('DELETE', pathOf(referenceId));
  expect(status).toBe(202);
  return body;
};
const receiptOf = async ({ id }: { id: string }): Promise<ErasureAnswer> =>
  (await service.api<ErasureAnswer>('GET', `/v1/erasures/${id}`)).body;
const runWorkers = async (): Promise<void> => {
  await service.drainDeauthentications();
  await service.app.get(ErasureWorker, { strict: false }).runOnce();
};

/** Creates an end user with a session, an error, a reconnect, a second provider and data. */
async function createEndUser(
  referenceId = newReference(),
): Promise<{ referenceId: string; userIds: string[] }> {
  const session = await startSession(service, { referenceId });
  await visit(await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' }));
  await service.drainWebhooks();
  const { account } = service.sandbox;
  const first = account.usersOf(referenceId)[0];
  account.reportConnectionError(first?.userId ?? '');
  const second = account.connect({ provider: 'GARMIN', referenceId });
  const oura = account.connect({ provider: 'OURA', referenceId });
  account.sendData(oura.userId);
  await service.sandbox.idle();
  // One event at a time, so that the reconnect has a connection of its own until the service merges the two.
  const inbox = service.app.get(WebhookInboxWorker, { strict: false });
  while (await inbox.runOnce(1));
  await service.drainWebhooks();
  return { referenceId, userIds: [first?.userId ?? '', second.userId, oura.userId] };
}

/** One line for each table and text where a row contains the text, as text or as bytes in hex. */
async function traces(texts: string[]): Promise<string[]> {
  const tables = await service.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'terra_connect'`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await service.query<{ row: string }>(`SELECT t::text AS row FROM terra_connect.${name} t`);
    // All rows but the event by which the callers learn whose data to erase.
    const kept = rows.filter(({ row }) => !row.includes('end_user.erased'));
    const all = kept.map(({ row }) => row).join('\n');
    for (const text of texts) {
      if (all.includes(text) || all.includes(Buffer.from(text).toString('hex')))
        found.push(`${name}: ${text}`);
    }
  }
  return found;
}

describe('Erasing an end user', () => {
  it('disconnects every connection, leaves no row that names the end user, and ends with a receipt', async () => {
    const { referenceId, userIds } = await createEndUser();
    const other = await createEndUser();
    const before = await connectionsOf(service, other.referenceId);
    expect((await traces([referenceId])).length).toBeGreaterThan(4);

    const erasure = await erase(referenceId);
    expect(erasure).toMatchObject({ status: 'pending', completedAt: null, counts: {} });
    const statuses = (await connectionsOf(service, referenceId)).map(({ status }) => status);
    expect(statuses).toEqual(['disconnecting', 'disconnecting']);
    expect(await erase(referenceId)).toMatchObject({ id: erasure.id });
    await runWorkers();

    const receipt = await receiptOf(erasure);
    expect(receipt).toMatchObject({ status: 'completed', completedAt: expect.any(String) as unknown });
    // One connection more than the API lists: the reconnect had its own connection until the service merged the two.
    expect(receipt.counts).toMatchObject({ connections: 3, identities: 3, sessions: 1 });
    expect(receipt.confirmations.map(({ outcome }) => outcome)).toEqual(['ended', 'ended']);
    expect(service.sandbox.account.usersOf(referenceId)).toEqual([]);
    expect(await traces([referenceId, ...userIds])).toEqual([]);
    expect(JSON.stringify(receipt)).not.toContain(referenceId);
    expect(await connectionsOf(service, other.referenceId)).toEqual(before);
  });

  it('T-24: waits while Terra is down, and also erases the events that arrive meanwhile', async () => {
    const { referenceId, userIds } = await createEndUser();
    service.sandbox.behaviour.down = true;
    const erasure = await erase(referenceId);
    await runWorkers();
    expect(await receiptOf(erasure)).toMatchObject({ status: 'pending' });
    const user = { user_id: userIds[2], provider: 'OURA', reference_id: referenceId, scopes: 'A' };
    await postWebhook(service, { type: 'daily', user, data: [{ steps: 1 }] });
    await postWebhook(service, { type: 'permission_change', user });
    await service.drainWebhooks();
    service.sandbox.behaviour.down = false;
    shiftClock(service, 2 * 3_600);
    const { app } = service;
    await app.get(ErasureWorker, { strict: false }).runOnce();
    while (await app.get(DeauthenticationWorker, { strict: false }).runOnce());
    jest.restoreAllMocks();
    await runWorkers();
    expect(await receiptOf(erasure)).toMatchObject({ status: 'completed' });
    expect(await traces([referenceId, ...userIds])).toEqual([]);
  });

  it("drops late events, so that none restores the end user's data", async () => {
    const { referenceId, userIds } = await createEndUser();
    const erasure = await erase(referenceId);
    await runWorkers();
    expect(await receiptOf(erasure)).toMatchObject({ status: 'completed' });
    const [first, second] = userIds;
    const userOf = (user_id = '') => ({
      user_id,
      provider: 'GARMIN',
      reference_id: referenceId,
      scopes: 'A',
    });
    const occurredAt = new Date(Date.now() - 60_000);
    const late = [
      { type: 'auth', status: 'success', user: userOf(second) },
      { type: 'auth', status: 'success', user: userOf('never-heard-of') },
      { type: 'user_reauth', status: 'warning', old_user: userOf(first), new_user: userOf(second) },
      { type: 'deauth', status: 'success', user: userOf(second) },
      { type: 'connection_error', status: 'warning', user: userOf(second) },
      { type: 'daily', user: userOf(userIds[2]), data: [] },
    ];
    for (const event of late) {
      expect((await postWebhook(service, event, { occurredAt })).status).toBe(200);
    }
    await service.drainWebhooks();
    await service.drainDeauthentications();
    expect(await connectionsOf(service, referenceId)).toEqual([]);
    // Deauthentication requests may still name the Terra users whose end we requested. No other table may.
    const left = await traces([referenceId, ...userIds, 'never-heard-of']);
    expect(left.filter((trace) => !trace.startsWith('deauthentications'))).toEqual([]);
  });

  it('lets the end user return: events newer than the erasure count again', async () => {
    const { referenceId } = await createEndUser();
    await erase(referenceId);
    await runWorkers();
    const session = await startSession(service, { referenceId });
    await visit(await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' }));
    await service.drainWebhooks();
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { status: 'active', provider: 'GARMIN' },
    ]);
  });

  it('completes immediately for an unknown end user, and drops late events as well', async () => {
    const referenceId = newReference();
    const erasure = await erase(referenceId);
    await runWorkers();
    expect(await receiptOf(erasure)).toMatchObject({ status: 'completed', confirmations: [] });
    const user = { user_id: 'late', provider: 'GARMIN', reference_id: referenceId, scopes: 'A' };
    const occurredAt = new Date(Date.now() - 60_000);
    await postWebhook(service, { type: 'auth', status: 'success', user }, { occurredAt });
    await service.drainWebhooks();
    expect(await connectionsOf(service, referenceId)).toEqual([]);
  });

  it('rejects an invalid reference, and answers 404 for an unknown erasure', async () => {
    expect(await refusal(service, 'DELETE', '/v1/end-users/null')).toMatchObject({ code: 'request.invalid' });
    for (const id of ['nobody', '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10'])
      expect(await refusal(service, 'GET', `/v1/erasures/${id}`)).toMatchObject({
        status: 404,
        code: 'erasure.not_found',
      });
  });
});

describe('Exporting an end user', () => {
  it('returns everything that is stored, as one document, without secrets', async () => {
    const { referenceId, userIds } = await createEndUser();
    const { status, body } = await service.api<Record<string, object[]>>(
      'GET',
      `${pathOf(referenceId)}/export`,
    );
    expect(status).toBe(200);
    const sizes = Object.fromEntries(
      Object.entries(body).flatMap(([name, rows]) => (Array.isArray(rows) ? [[name, rows.length]] : [])),
    );
    expect(sizes).toMatchObject({ connections: 3, identities: 3, connectSessions: 1, deauthentications: 0 });
    expect(sizes.facts).toBeGreaterThanOrEqual(5);
    expect(sizes.webhookEvents).toBeGreaterThanOrEqual(5);
    const text = JSON.stringify(body);
    for (const id of userIds) expect(text).toContain(id);
    const [session] = await service.query<{ token: string; widget: string }>(
      `SELECT connect_token AS token, widget_url AS widget FROM terra_connect.connect_sessions WHERE reference_id = $1`,
      [referenceId],
    );
    expect(text).not.toContain(session?.token);
    expect(text).not.toContain(session?.widget);
  });

  it('returns nothing of another end user, and answers 404 for an unknown one', async () => {
    const [one, other] = [await createEndUser(), await createEndUser()];
    const { body } = await service.api('GET', `${pathOf(one.referenceId)}/export`);
    for (const id of [other.referenceId, ...other.userIds]) expect(JSON.stringify(body)).not.toContain(id);
    const unknown = await refusal(service, 'GET', `${pathOf(newReference())}/export`);
    expect(unknown).toMatchObject({ status: 404, code: 'end_user.not_found' });
  });
});
