import { Client } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeauthenticationWorker } from '../src/connections';
import { ErasureWorker } from '../src/privacy';
import { TerraClient } from '../src/terra';
import { WebhookInboxWorker } from '../src/webhooks';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, shiftClock } from './support/flow';
import { linkEndUsers } from './support/reconciliation';
import { postWebhook } from './support/webhooks';

const HOUR = 3_600;

let service: TestApp;
beforeEach(async () => (service = await startTestApp()));
afterEach(async () => {
  jest.restoreAllMocks();
  await service.close();
});

const runErasures = (): Promise<boolean> => service.app.get(ErasureWorker, { strict: false }).runOnce();
const erase = async (referenceId: string): Promise<() => Promise<string>> => {
  const { body } = await service.api<{ id: string }>('DELETE', `/v1/end-users/${referenceId}`);
  return async () => (await service.api<{ status: string }>('GET', `/v1/erasures/${body.id}`)).body.status;
};
const endUserOf = async (): Promise<{ referenceId: string; userId: string }> => {
  const [endUser] = await linkEndUsers(service, 1);
  return { referenceId: endUser?.referenceId ?? '', userId: endUser?.userId ?? '' };
};

it('T-24: data of an erased Terra user requests its end again, at most once an hour', async () => {
  const { referenceId, userId } = await endUserOf();
  const user = service.sandbox.account.users.get(userId);
  const statusOf = await erase(referenceId);
  await service.drainDeauthentications();
  await runErasures();
  expect(await statusOf()).toBe('completed');
  // Terra goes on, although it has confirmed the end.
  if (user) service.sandbox.account.users.set(userId, user);
  service.sandbox.behaviour.webhooks = 'off';
  shiftClock(service, 2 * HOUR);
  const timestamp = Math.floor(Date.now() / 1_000) + 2 * HOUR;
  for (const steps of [1, 2]) {
    const event = { type: 'daily', user: { user_id: userId, provider: 'GARMIN' }, data: [{ steps }] };
    expect((await postWebhook(service, event, { timestamp })).status).toBe(200);
    await service.drainWebhooks();
  }
  const again = `SELECT status, actor FROM terra_connect.deauthentications WHERE reason = 'data still arrives'`;
  expect(await service.query(again)).toEqual([{ status: 'pending', actor: 'webhooks' }]);
  await service.app.get(DeauthenticationWorker, { strict: false }).runOnce();
  expect(service.sandbox.account.users.has(userId)).toBe(false);
  expect(await service.query(again)).toEqual([{ status: 'confirmed', actor: 'webhooks' }]);
});

it("T-16: an erasure does not end another end user's account that Terra lists under the erased reference", async () => {
  const { referenceId } = await endUserOf();
  const other = await endUserOf();
  const listed = service.sandbox.account.users.get(other.userId);
  if (listed) listed.referenceId = referenceId;
  const statusOf = await erase(referenceId);
  await service.drainDeauthentications();
  await runErasures();
  await service.drainDeauthentications();
  expect(await statusOf()).toBe('completed');
  expect(service.sandbox.account.users.has(other.userId)).toBe(true);
  expect(await connectionsOf(service, other.referenceId)).toMatchObject([{ status: 'active' }]);
});

it('an erasure looks again, under its lock, for what must come first: an event that was not read', async () => {
  const { referenceId } = await endUserOf();
  const statusOf = await erase(referenceId);
  await service.drainDeauthentications();
  const terra = service.app.get(TerraClient, { strict: false });
  jest.spyOn(terra, 'listUsersOf').mockImplementationOnce(async () => {
    await service.query(
      `UPDATE terra_connect.webhook_events SET status = 'pending', type = NULL, next_attempt_at = now() + interval '1 hour'
        WHERE id = (SELECT id FROM terra_connect.webhook_events ORDER BY id LIMIT 1)`,
    );
    return [];
  });
  await runErasures();
  expect(await statusOf()).toBe('pending');
});

describe('While an erasure holds its lock', () => {
  const LOCK = `hashtextextended('terra-connect:erasure', 0)`;
  let erasing: Client;
  beforeEach(async () => {
    erasing = new Client({ connectionString: service.databaseUrl });
    await erasing.connect();
    await erasing.query(`SELECT pg_advisory_lock(${LOCK})`);
  });
  afterEach(() => erasing.end());

  const waiting = async (): Promise<void> => {
    const waits = `SELECT count(*)::int AS count FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    while ((await service.query<{ count: number }>(waits))[0]?.count !== 1) await sleep(20);
  };
  const release = (): Promise<unknown> => erasing.query(`SELECT pg_advisory_unlock(${LOCK})`);

  it('no worker processes events, so that none restores an erased row', async () => {
    const referenceId = newReference();
    service.sandbox.account.connect({ provider: 'GARMIN', referenceId });
    await service.sandbox.idle();
    const processed = service.app.get(WebhookInboxWorker, { strict: false }).runOnce();
    await waiting();
    expect(await connectionsOf(service, referenceId)).toEqual([]);
    await release();
    await processed;
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
  });

  it('no owner is accepted, so that no erased end user gets an account', async () => {
    await release();
    const { referenceId, userId } = await endUserOf();
    const user = service.sandbox.account.users.get(userId);
    if (user) user.referenceId = newReference();
    const [connection] = await connectionsOf(service, referenceId);
    await erasing.query(`SELECT pg_advisory_lock(${LOCK})`);
    const accepted = service.api('POST', `/v1/connections/${connection?.id}/accept-owner`, {
      body: { reason: 'corrected' },
    });
    await waiting();
    expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
    await release();
    expect(await accepted).toMatchObject({ status: 200 });
  });
});
