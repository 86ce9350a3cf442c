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
/** The whole of it, as when the loops run. */
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

/** Tables whose rows hold one of the texts, in text or in bytes. */
async function tablesNaming(...texts: string[]): Promise<string[]> {
  const tables = await service.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'terra_connect'`,
  );
  const found = new Set<string>();
  for (const { name } of tables) {
    const rows = await service.query<{ row: string }>(`SELECT t::text AS row FROM terra_connect.${name} t`);
    for (const { row } of rows) {
      if (texts.some((text) => row.includes(text) || row.includes(Buffer.from(text).toString('hex'))))
        found.add(name);
    }
  }
  return [...found].sort();
}

describe('After an erasure', () => {
  it('no sweep has the person in its findings, and one that runs holds the receipt back', async () => {
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
    // Only Terra has told of that one, and only the sweep has listened.
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

  it('what the account was moved to, or from, stays as it was, and does not say whose it was', async () => {
    for (const erased of ['the new owner', 'the old owner'] as const) {
      const [from, to] = [newReference(), newReference()];
      const [before, after] = [userOf(from), userOf(to)];
      await deliver(auth(before), -9 * SECOND);
      await deliver(reauth(before, after), -8 * SECOND);
      await deliver(reauth(before, after), -8 * SECOND);
      const [gone, goneUser] = erased === 'the new owner' ? [to, after] : [from, before];
      const [stays, user] = erased === 'the new owner' ? [from, before] : [to, after];
      const statuses = await statusesOf(stays);
      await eraseAll(gone);
      expect(await statusesOf(stays)).toEqual(statuses);
      expect(await tablesNaming(gone, goneUser.user_id)).toEqual([]);
      // Computed anew, it is still what it was: `moved` stays so, and who lives may fail.
      await deliver(failing(user), 0);
      expect(await statusesOf(stays)).toEqual(erased === 'the new owner' ? ['moved'] : ['needs_reauth']);
      expect(await tablesNaming(gone, goneUser.user_id)).toEqual([]);
    }
  });

  it('who comes back by a swap is connected, and the Terra user of before stays forgotten', async () => {
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

  it('the ledger forgets whom late news brought up, once Terra has ended them', async () => {
    const referenceId = newReference();
    const [known, unheard] = [userOf(referenceId), userOf(referenceId)];
    await deliver(auth(known), -9 * SECOND);
    await eraseAll(referenceId);
    for (const user of [known, unheard]) await deliver(auth(user), -5 * SECOND);
    await service.drainDeauthentications();
    await deliver(deauth(unheard), 0);
    await deliver(deauth({ ...unheard, reference_id: null }), 0);
    await deliver({ type: 'daily', user: known, data: [] }, 0);
    await service.drainDeauthentications();
    expect(await tablesNaming(referenceId, known.user_id, unheard.user_id)).toEqual([]);
  });

  it("somebody else's account that was claimed for the person is left in peace", async () => {
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

  it('an event that waited unread, or failed, names nobody, and its replay changes nothing', async () => {
    const referenceId = newReference();
    const past = new PastWebhooks(service);
    const mend = await past.breakFor(referenceId);
    const [failed, unread] = [userOf(referenceId), userOf(referenceId)];
    const failedId = await past.deliver(auth(failed));
    await mend();
    const unreadId = await past.post(auth(unread));
    const id = await erase(referenceId);
    await tryToComplete();
    expect(await receiptOf(id)).toMatchObject({ status: 'pending' });
    // Of the second one we learn only now: the receipt waits until Terra has ended it, too.
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
