import { ApiKeysService } from '../src/api-keys';
import { OwnerAcceptanceService } from '../src/connections';
import { startTestApp, type ApiAnswer, type TestApp } from './support/app';
import { connectionsOf, newReference, readSession, redirectUrlOf, startSession, visit } from './support/flow';
import { linkEndUsers, reconcile, reconcileActions, resetTerra, sweep } from './support/reconciliation';
import { postWebhook } from './support/webhooks';

interface Problem {
  code: string;
}
interface Answer extends Problem {
  id: string;
  referenceId: string;
  terraUserId: string;
  status: string;
}

const REASON = 'corrected at Terra';

let service: TestApp;
beforeAll(async () => (service = await startTestApp()));
afterAll(() => service.close());
beforeEach(() => resetTerra(service));
afterEach(() => jest.restoreAllMocks());

const accept = (id: string, body: object = { reason: REASON }, key?: string): Promise<ApiAnswer<Answer>> =>
  service.api<Answer>('POST', `/v1/connections/${id}/accept-owner`, { body, key });
const historyOf = async (id: string): Promise<Record<string, unknown>[]> =>
  (await service.api<{ items: Record<string, unknown>[] }>('GET', `/v1/connections/${id}/history`)).body
    .items;
const factsOf = (terraUserId: string): Promise<unknown[]> =>
  service.query(`SELECT cause, actor, reason FROM terra_connect.connection_facts WHERE terra_user_id = $1`, [
    terraUserId,
  ]);

/** An account whose reference an operator has corrected on Terra's dashboard. */
async function corrected(): Promise<{ id: string; userId: string; from: string; to: string }> {
  const [endUser] = await linkEndUsers(service, 1);
  const { userId, referenceId: from } = endUser as { userId: string; referenceId: string };
  const [connection] = await connectionsOf(service, from);
  const to = newReference();
  if (endUser) endUser.referenceId = to;
  return { id: connection?.id ?? '', userId, from, to };
}

describe('T-16: accepting the owner that Terra names', () => {
  it('moves the account to that end user, and the conflict is reported no more', async () => {
    const { id, userId, from, to } = await corrected();
    for (const asked of [from, to])
      expect((await reconcile(service, asked)).body).toMatchObject({ conclusion: 'needs_operator' });

    const { status, body } = await accept(id, { reason: REASON, referenceId: to });
    expect(status).toBe(200);
    expect(body).toMatchObject({ referenceId: to, terraUserId: userId, status: 'active' });
    expect(body.id).not.toBe(id);
    expect(await connectionsOf(service, to)).toMatchObject([{ id: body.id, status: 'active' }]);
    expect(await connectionsOf(service, from)).toMatchObject([
      { id, status: 'moved', statusReason: 'moved', disconnectedAt: expect.any(String) as unknown },
    ]);
    for (const asked of [from, to]) {
      expect(await reconcileActions(service, asked)).toEqual([]);
      expect((await reconcile(service, asked)).body.conclusion).toBe('no_difference');
    }
    const { counts } = await sweep(service);
    expect(counts).not.toHaveProperty('owner_conflict');
  });

  it('is a line with actor and reason in the history of both connections', async () => {
    const { id, userId } = await corrected();
    service.sandbox.account.reportConnectionError(userId);
    await service.drainWebhooks();
    const { body } = await accept(id);
    const line = { kind: 'linked', cause: 'owner_accepted', origin: 'us', source: 'api', reason: REASON };
    const [accepted, ...before] = await historyOf(id);
    expect(accepted).toMatchObject({ ...line, status: 'moved', actor: expect.any(String) as unknown });
    expect(before.map(({ cause, status }) => [cause, status])).toEqual([
      ['connection_error', 'needs_reauth'],
      ['auth', 'active'],
    ]);
    expect((await historyOf(body.id))[0]).toMatchObject({
      ...line,
      status: 'needs_reauth',
      terraUserId: userId,
    });
    // The lines of the former owner do not say which scopes it had granted.
    expect((await historyOf(body.id)).at(-1)).toMatchObject({ cause: 'auth', scopes: null });
    const logged = service.log.filter((text) => text.includes('connection.owner_accepted')).join('');
    expect(logged).toContain(body.id);
  });

  it('changes nothing when it is repeated, also through the old connection', async () => {
    const { id, userId } = await corrected();
    const { body } = await accept(id);
    const facts = await factsOf(userId);
    for (const again of [id, body.id]) expect((await accept(again)).body).toEqual(body);
    expect(await factsOf(userId)).toEqual(facts);
  });

  it('survives later events with either reference: a claim of the former owner changes nothing', async () => {
    const { id, userId, from, to } = await corrected();
    await accept(id);
    for (const reference_id of [from, to]) {
      const user = { user_id: userId, provider: 'GARMIN', reference_id, scopes: 'A' };
      await postWebhook(service, { type: 'auth', status: 'success', user });
    }
    await service.drainWebhooks();
    expect(await connectionsOf(service, to)).toMatchObject([{ status: 'active' }]);
    expect(await connectionsOf(service, from)).toMatchObject([{ id, status: 'moved' }]);
  });

  it('does not happen by a callback, even if Terra names its end user: the session connects nothing', async () => {
    const { id, userId, from, to } = await corrected();
    const session = await startSession(service, { referenceId: to });
    await visit(`${redirectUrlOf(service, to, 'success')}?user_id=${userId}`);
    expect((await readSession(service, session.id)).status).not.toBe('completed');
    expect(await connectionsOf(service, from)).toMatchObject([{ id, status: 'active' }]);
    expect(await connectionsOf(service, to)).toEqual([]);
  });

  it('can be undone by correcting the reference back: the first connection gets the account again', async () => {
    const { id, userId, from, to } = await corrected();
    const { body } = await accept(id);
    const user = service.sandbox.account.users.get(userId);
    if (user) user.referenceId = from;
    expect((await accept(body.id)).body).toMatchObject({ id, referenceId: from, status: 'active' });
    expect(await connectionsOf(service, to)).toMatchObject([{ id: body.id, status: 'moved' }]);
  });

  it('happens once when several operators accept at the same time', async () => {
    const { id, userId, to } = await corrected();
    const answers = await Promise.all([1, 2, 3, 4].map(() => accept(id)));
    for (const { body } of answers) expect(body).toMatchObject({ referenceId: to, status: 'active' });
    expect(await connectionsOf(service, to)).toHaveLength(1);
    expect((await factsOf(userId)).filter((fact) => JSON.stringify(fact).includes(REASON))).toHaveLength(1);
  });
});

describe('Accepting an owner is refused', () => {
  const refused = async (id: string, code: string, body?: object): Promise<void> => {
    const answer = await accept(id, body);
    expect(answer).toMatchObject({ status: 409, body: { code } });
  };

  it('without the scope admin, for an unknown connection, and without a reason', async () => {
    const { id, userId } = await corrected();
    const apiKeys = service.app.get(ApiKeysService, { strict: false });
    const { key } = await apiKeys.create('caller', ['connections:write', 'connections:read']);
    expect(await accept(id, { reason: REASON }, key)).toMatchObject({
      status: 403,
      body: { code: 'auth.missing_scope' },
    });
    expect(await accept('01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10')).toMatchObject({
      status: 404,
      body: { code: 'connection.not_found' },
    });
    for (const body of [{}, { reason: '' }, { reason: ' ' }, { reason: 'a\nb' }, { reason: 'x'.repeat(501) }])
      expect(await accept(id, body)).toMatchObject({ status: 422, body: { code: 'request.invalid' } });
    expect(await factsOf(userId)).toHaveLength(1);
  });

  it('when Terra names another end user than the operator expects', async () => {
    const { id, from } = await corrected();
    await refused(id, 'connection.owner_differs', { reason: REASON, referenceId: newReference() });
    expect(await connectionsOf(service, from)).toMatchObject([{ id, status: 'active' }]);
  });

  it('when Terra names no end user, or does not have the Terra user', async () => {
    const { id, userId } = await corrected();
    const user = service.sandbox.account.users.get(userId);
    if (user) user.referenceId = null;
    await refused(id, 'connection.owner_unknown');
    service.sandbox.account.remove(userId);
    await refused(id, 'connection.owner_unknown');
  });

  it('when the connection is ending', async () => {
    const { id } = await corrected();
    await service.api('DELETE', `/v1/connections/${id}`);
    await refused(id, 'connection.not_in_use');
  });

  it.each(['new', 'former'] as const)('when the %s owner is erased', async (which) => {
    const { id, from, to } = await corrected();
    await service.api('DELETE', `/v1/end-users/${which === 'new' ? to : from}`);
    await refused(id, 'connection.owner_erased');
    expect(await connectionsOf(service, to)).toEqual([]);
  });

  it('while Terra does not answer', async () => {
    const { id, from } = await corrected();
    service.sandbox.behaviour.down = true;
    expect(await accept(id)).toMatchObject({ status: 503, body: { code: 'terra.unavailable' } });
    expect(await connectionsOf(service, from)).toMatchObject([{ id, status: 'active' }]);
    const owners = service.app.get(OwnerAcceptanceService, { strict: false });
    await expect(owners.accept(id, { actor: 'cli', reason: REASON })).rejects.toThrow();
  });
});

describe('A callback with a Terra user that Terra calls active', () => {
  it('connects nothing while its authentication is not completed', async () => {
    const referenceId = newReference();
    const user = service.sandbox.account.preallocate('GARMIN', referenceId);
    user.active = true;
    const session = await startSession(service, { referenceId });
    await visit(`${redirectUrlOf(service, referenceId, 'success')}?user_id=${user.userId}`);
    expect((await readSession(service, session.id)).status).not.toBe('completed');
    expect(await connectionsOf(service, referenceId)).toEqual([]);
  });
});
