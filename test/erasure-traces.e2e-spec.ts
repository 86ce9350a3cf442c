import { randomUUID } from 'node:crypto';
import { ErasureWorker } from '../src/privacy';
import { SweepWorker } from '../src/reconciliation';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference } from './support/flow';
import { PastWebhooks, auth, deauth, userOf } from './support/past-webhooks';
import { postWebhook } from './support/webhooks';

const SECOND = 1_000;

let service: TestApp;
beforeEach(async () => (service = await startTestApp()));
afterEach(() => service.close());

const tryToComplete = (): Promise<boolean> => service.app.get(ErasureWorker, { strict: false }).runOnce();
const erase = async (referenceId: string): Promise<string> =>
  (await service.api<{ id: string }>('DELETE', `/v1/end-users/${referenceId}`)).body.id;
const receiptOf = async (id: string): Promise<{ status: string; counts: Record<string, number> }> =>
  (await service.api<{ status: string; counts: Record<string, number> }>('GET', `/v1/erasures/${id}`)).body;
/** Erases an end user completely, as the running workers do. */
const eraseAll = async (referenceId: string): Promise<void> => {
  const id = await erase(referenceId);
  for (let round = 0; round < 5 && (await receiptOf(id)).status === 'pending'; round += 1) {
    await service.drainDeauthentications();
    await tryToComplete();
  }
  expect(await receiptOf(id)).toMatchObject({ status: 'completed' });
};
const deliver = async (event: object, afterMs: number): Promise<void> => {
  const occurredAt = new Date(Date.now() + afterMs);
  const { status } = await postWebhook(service, { ...event, message: randomUUID() }, { occurredAt });
  expect(status).toBe(200);
  await service.drainWebhooks();
};
const reauth = (old_user: object, new_user: object): object => ({
  type: 'user_reauth',
  status: 'warning',
  old_user,
  new_user,
});
const failing = (user: object): object => ({ type: 'connection_error', status: 'warning', user });
const statusesOf = async (referenceId: string): Promise<string[]> =>
  (await connectionsOf(service, referenceId)).map(({ status }) => status);

/** Tables with a row that contains one of the texts, as text or as bytes in hex. */
async function tablesNaming(...texts: string[]): Promise<string[]> {
  const tables = await service.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'terra_connect'`,
  );
  const found = new Set<string>();
  for (const { name } of tables) {
    const rows = await service.query<{ row: string }>(`SELECT t::text AS row FROM terra_connect.${name} t`);
    for (const { row } of rows) {
      // The event by which the callers learn whose data to erase.
      if (row.includes('end_user.erased')) continue;
      if (texts.some((text) => row.includes(text) || row.includes(Buffer.from(text).toString('hex'))))
        found.add(name);
    }
  }
  return [...found].sort();
}

describe('After an erasure', () => {
  it('no sweep finding names the end user, and a running sweep delays the receipt', async () => {
    const referenceId = newReference();
    const { account, behaviour } = service.sandbox;
    const { userId } = account.connect({ provider: 'GARMIN', referenceId });
    behaviour.webhooks = 'off';
    const lost = account.connect({ provider: 'OURA', referenceId });
    behaviour.webhooks = 'on';
    await service.drainWebhooks();
    const sweep = async (): Promise<void> => {
      while (await service.app.get(SweepWorker, { strict: false }).runOnce());
    };
    await service.api('POST', '/v1/sweeps', { body: { dryRun: true } });
    await sweep();
    expect(await tablesNaming(lost.userId, referenceId)).toContain('sweep_findings');
    const { body } = await service.api<{ sweepFindings: object[] }>(
      'GET',
      `/v1/end-users/${referenceId}/export`,
    );
    // Only the sweep knows the lost Terra user, so the export cannot assign the finding to the end user.
    expect(body.sweepFindings).toEqual([]);

    await service.api('POST', '/v1/sweeps', { body: { dryRun: true } });
    const id = await erase(referenceId);
    for (let round = 0; round < 4; round += 1) {
      await service.drainDeauthentications();
      await tryToComplete();
    }
    expect(account.usersOf(referenceId)).not.toContainEqual(expect.objectContaining({ userId }));
    expect(await receiptOf(id)).toMatchObject({ status: 'pending' });
    await sweep();
    for (let round = 0; round < 4; round += 1) {
      await service.drainDeauthentications();
      await tryToComplete();
    }
    const receipt = await receiptOf(id);
    expect(receipt).toMatchObject({ status: 'completed' });
    expect(receipt.counts.sweepFindings).toBeGreaterThan(0);
    expect(await tablesNaming(referenceId, userId, lost.userId)).toEqual([]);
  });

  it("the other end user's side of a moved account keeps its status and does not name the erased end user", async () => {
    for (const erased of ['the new owner', 'the old owner'] as const) {
      const [from, to] = [newReference(), newReference()];
      const [before, after] = [userOf(from), userOf(to)];
      await deliver(auth(before), -9 * SECOND);
      await deliver(reauth(before, after), -8 * SECOND);
      await deliver(reauth(before, after), -8 * SECOND);
      const [erasedReference, erasedUser] = erased === 'the new owner' ? [to, after] : [from, before];
      const [otherReference, otherUser] = erased === 'the new owner' ? [from, before] : [to, after];
      const statuses = await statusesOf(otherReference);
      await eraseAll(erasedReference);
      expect(await statusesOf(otherReference)).toEqual(statuses);
      expect(await tablesNaming(erasedReference, erasedUser.user_id)).toEqual([]);
      // A new computation gives the same result: `moved` stays `moved`, and a live connection can still fail.
      await deliver(failing(otherUser), 0);
      expect(await statusesOf(otherReference)).toEqual(
        erased === 'the new owner' ? ['moved'] : ['needs_reauth'],
      );
      expect(await tablesNaming(erasedReference, erasedUser.user_id)).toEqual([]);
    }
  });

  it('an end user who returns by a swap is connected, and the previous Terra user stays erased', async () => {
    const referenceId = newReference();
    const [before, after] = [userOf(referenceId), userOf(referenceId)];
    await deliver(auth(before), -9 * SECOND);
    await eraseAll(referenceId);
    await deliver(reauth(before, after), 2 * SECOND);
    expect(await connectionsOf(service, referenceId)).toMatchObject([
      { status: 'active', terraUserId: after.user_id },
    ]);
    expect(await tablesNaming(before.user_id)).toEqual([]);
  });

  it('a late event leaves no trace of its Terra user after Terra has confirmed the deauthentication', async () => {
    const referenceId = newReference();
    const [known, unknown] = [userOf(referenceId), userOf(referenceId)];
    await deliver(auth(known), -9 * SECOND);
    await eraseAll(referenceId);
    for (const user of [known, unknown]) await deliver(auth(user), -5 * SECOND);
    await service.drainDeauthentications();
    await deliver(deauth(unknown), 0);
    await deliver(deauth({ ...unknown, reference_id: null }), 0);
    await deliver({ type: 'daily', user: known, data: [] }, 0);
    await service.drainDeauthentications();
    expect(await tablesNaming(referenceId, known.user_id, unknown.user_id)).toEqual([]);
  });

  it("another end user's account stays connected although the erased end user claimed it", async () => {
    const [referenceId, owner] = [newReference(), newReference()];
    const user = userOf(owner);
    await deliver(auth(user), -9 * SECOND);
    await deliver(auth({ ...user, reference_id: referenceId }), -8 * SECOND);
    await eraseAll(referenceId);
    await deliver(auth({ ...user, reference_id: referenceId }), -7 * SECOND);
    await service.drainDeauthentications();
    expect(await statusesOf(owner)).toEqual(['active']);
    expect(await tablesNaming(referenceId)).toEqual([]);
  });

  it('an unprocessed or a failed event names no end user, and its replay changes nothing', async () => {
    const referenceId = newReference();
    const past = new PastWebhooks(service);
    const repair = await past.failWritesFor(referenceId);
    const [failed, unread] = [userOf(referenceId), userOf(referenceId)];
    const failedId = await past.deliver(auth(failed));
    await repair();
    const unreadId = await past.post(auth(unread));
    const id = await erase(referenceId);
    await tryToComplete();
    expect(await receiptOf(id)).toMatchObject({ status: 'pending' });
    // The service learns of the second Terra user only now. The receipt waits until Terra has confirmed its end, too.
    await service.drainWebhooks();
    await tryToComplete();
    expect(await receiptOf(id)).toMatchObject({ status: 'pending' });
    await eraseAll(referenceId);
    const names = [referenceId, failed.user_id, unread.user_id];
    expect(await tablesNaming(...names)).toEqual([]);
    await past.replay({ ids: [failedId, unreadId] });
    await service.drainWebhooks();
    expect(await past.read(failedId)).toMatchObject({ status: 'ignored', body: { data: 'erased' } });
    expect(await tablesNaming(...names)).toEqual([]);
  });
});
