import { randomUUID } from 'node:crypto';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, shiftClock, startSession } from './support/flow';
import { reconcile, resetTerra, sweep } from './support/reconciliation';
import { postWebhook } from './support/webhooks';

type Sections = Record<string, Record<string, unknown>[]>;

let service: TestApp;
beforeAll(async () => (service = await startTestApp()));
afterAll(() => service.close());
beforeEach(() => resetTerra(service));
afterEach(() => jest.restoreAllMocks());

interface Person {
  referenceId: string;
  userId: string;
  scope: string;
}
const newPerson = (name: string): Person => {
  const referenceId = `${name}-${newReference()}`;
  return { referenceId, userId: randomUUID(), scope: `SCOPE_${randomUUID()}` };
};
const wire = ({ referenceId, userId, scope }: Person, changes: object = {}): object => ({
  user_id: userId,
  provider: 'GARMIN',
  reference_id: referenceId,
  scopes: scope,
  active: true,
  ...changes,
});
// Each event occurs later than the one before it.
let occurredAt = Date.now() - 60_000;
const deliver = async (event: object): Promise<void> => {
  occurredAt += 1_000;
  expect((await postWebhook(service, event, { occurredAt: new Date(occurredAt) })).status).toBe(200);
  await service.drainWebhooks();
};
const auth = (user: object): Promise<void> => deliver({ type: 'auth', status: 'success', user });
const exportOf = async ({ referenceId }: Person): Promise<Sections> => {
  const { status, body } = await service.api<Sections>('GET', `/v1/end-users/${referenceId}/export`);
  expect(status).toBe(200);
  return body;
};

/** Everything that callers can read about one end user, by what they read. */
async function readAll(person: Person): Promise<Record<string, string>> {
  const read: Record<string, string> = {};
  for (const [section, rows] of Object.entries(await exportOf(person)))
    read[`export: ${section}`] = JSON.stringify(rows);
  const diagnosis = await service.api('GET', `/v1/end-users/${person.referenceId}/diagnosis`);
  read.diagnosis = JSON.stringify(diagnosis.body);
  for (const { id } of await connectionsOf(service, person.referenceId)) {
    read[`connection ${id}`] = JSON.stringify((await service.api('GET', `/v1/connections/${id}`)).body);
    read[`history ${id}`] = JSON.stringify((await service.api('GET', `/v1/connections/${id}/history`)).body);
  }
  return read;
}

/** What of `other` can be read about `person`, as "where: what". */
async function leaks(person: Person, other: Person): Promise<string[]> {
  const read = await readAll(person);
  return Object.entries(read).flatMap(([where, text]) =>
    Object.entries(other).flatMap(([what, value]) =>
      text.includes(value as string) ? [`${where}: ${what}`] : [],
    ),
  );
}

describe('T-16: what can be read about an end user', () => {
  it('names nothing of the other end user after an account has moved by a reconnect', async () => {
    const [first, second] = [newPerson('first'), newPerson('second')];
    await startSession(service, { referenceId: first.referenceId });
    await auth(wire(first));
    await auth(wire(second));
    await deliver({
      type: 'user_reauth',
      status: 'warning',
      message: `${first.userId} is now ${second.userId}`,
      old_user: wire(first),
      new_user: wire(second),
    });
    expect(await connectionsOf(service, first.referenceId)).toMatchObject([{ status: 'moved' }]);
    expect(await leaks(first, second)).toEqual([]);
    expect(await leaks(second, first)).toEqual([]);

    // Each still gets what is its own: the move itself, its ids, and the scopes that it granted.
    const [mine, theirs] = [await exportOf(first), await exportOf(second)];
    const swap = { kind: 'swapped', cause: 'user_reauth' };
    expect(mine.facts).toContainEqual(
      expect.objectContaining({ ...swap, terraUserId: null, oldTerraUserId: first.userId, scopes: null }),
    );
    expect(theirs.facts).toContainEqual(
      expect.objectContaining({
        ...swap,
        terraUserId: second.userId,
        oldTerraUserId: null,
        scopes: [second.scope],
      }),
    );
    expect(mine.connectSessions).toHaveLength(1);
    const bodies = theirs.webhookEvents?.map(({ body }) => JSON.parse(body as string) as object);
    expect(bodies).toContainEqual(
      expect.objectContaining({ type: 'user_reauth', old_user: null, new_user: wire(second) }),
    );
  });

  it('names nothing of an end user who claims the account, nor of the owner to the one who claims it', async () => {
    const [owner, claimant] = [newPerson('owner'), newPerson('claimant')];
    await auth(wire(owner));
    await auth(wire({ ...claimant, userId: owner.userId }));
    expect(await leaks(owner, claimant)).toEqual([]);
    expect(await leaks(claimant, owner)).toEqual([]);
  });

  it('names nothing of the other end user in the findings of a sweep', async () => {
    const [owner, named] = [newPerson('owner'), newPerson('named')];
    const user = service.sandbox.account.connect({
      provider: 'GARMIN',
      referenceId: owner.referenceId,
      userId: owner.userId,
      scopes: [owner.scope],
    });
    await service.drainWebhooks();
    Object.assign(user, { referenceId: named.referenceId, scopes: [named.scope] });
    await sweep(service);
    const { sweepFindings } = await exportOf(owner);
    expect(sweepFindings).toMatchObject([{ action: 'owner_conflict', observed: null }]);
    expect(await leaks(owner, named)).toEqual([]);
  });

  it('names nothing of the other end user after an operator has accepted another owner', async () => {
    const [former, present] = [newPerson('former'), newPerson('present')];
    const user = service.sandbox.account.connect({
      provider: 'GARMIN',
      referenceId: former.referenceId,
      userId: former.userId,
      scopes: [former.scope],
    });
    service.sandbox.account.changePermissions(former.userId, { add: [`${former.scope}_TOO`] });
    await service.drainWebhooks();
    const [connection] = await connectionsOf(service, former.referenceId);
    Object.assign(user, { referenceId: present.referenceId, scopes: [present.scope] });
    const accepted = await service.api('POST', `/v1/connections/${connection?.id}/accept-owner`, {
      body: { reason: 'corrected' },
    });
    expect(accepted.status).toBe(200);
    shiftClock(service, 60);
    await reconcile(service, present.referenceId);

    // The Terra user is the same, and belongs to the present owner.
    const isShared = (leak: string): boolean => leak.endsWith(': userId');
    expect(
      (await leaks(former, { ...present, userId: former.userId })).filter((leak) => !isShared(leak)),
    ).toEqual([]);
    expect((await leaks(present, former)).filter((leak) => !isShared(leak))).toEqual([]);
    expect(JSON.stringify(await exportOf(former))).not.toContain(former.userId);
    expect(JSON.stringify(await exportOf(present))).toContain(former.userId);
  });
});
