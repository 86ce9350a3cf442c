import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference } from './support/flow';
import { postWebhook } from './support/webhooks';

interface Line {
  occurredAt: string;
  recordedAt: string;
  kind: string;
  cause: string;
  origin: string;
  source: string;
  status: string | null;
  terraUserId: string;
  oldTerraUserId: string | null;
  actor: string | null;
  reason: string | null;
}
interface Page {
  items: Line[];
  nextCursor: string | null;
}

describe('what has happened to a connection', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  const historyOf = async (id: string | undefined, query = ''): Promise<Page> => {
    const { status, body } = await service.api<Page>('GET', `/v1/connections/${id}/history${query}`);
    expect(status).toBe(200);
    return body;
  };
  const brief = ({ kind, cause, origin, source, status }: Line): string =>
    [kind, cause, origin, source, status].join(' ');

  it('is told newest first, with cause, whose doing it was, who told us, and what it made of the connection', async () => {
    const { account } = service.sandbox;
    const referenceId = newReference();
    const old = account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    account.reportConnectionError(old.userId);
    await service.drainWebhooks();
    const renewed = account.connect({ provider: 'GARMIN', referenceId });
    await service.drainWebhooks();
    const [connection] = await connectionsOf(service, referenceId);
    await service.api('DELETE', `/v1/connections/${connection?.id}`);
    await service.drainDeauthentications();

    const { items, nextCursor } = await historyOf(connection?.id);
    expect(nextCursor).toBeNull();
    const told = items.map(brief);
    // Terra's own word of the end has Terra's time, ours has ours: either may be the earlier.
    expect(told.slice(0, -5).sort()).toEqual([
      'ended deauth us webhook disconnected',
      'ended disconnected_by_us us api disconnected',
    ]);
    expect(told.slice(-5)).toEqual([
      'disconnect_requested disconnect_requested us api disconnecting',
      'swapped user_reauth end_user webhook active',
      'linked auth end_user webhook active',
      'failing connection_error provider webhook needs_reauth',
      'linked auth end_user webhook active',
    ]);
    const swap = items.find(({ kind }) => kind === 'swapped');
    expect(swap).toMatchObject({ terraUserId: renewed.userId, oldTerraUserId: old.userId });
    const request = items.find(({ kind }) => kind === 'disconnect_requested');
    expect(request).toMatchObject({
      actor: expect.any(String) as unknown,
      reason: 'DELETE of the connection',
    });
  });

  it('stands in the order in which it happened, however late it was told', async () => {
    const referenceId = newReference();
    const user = { user_id: referenceId, provider: 'GARMIN', reference_id: referenceId, scopes: 'A' };
    const at = (minutesAgo: number) => ({ occurredAt: new Date(Date.now() - minutesAgo * 60_000) });
    await postWebhook(service, { type: 'connection_error', status: 'warning', user }, at(5));
    await postWebhook(service, { type: 'auth', status: 'success', user }, at(10));
    await service.drainWebhooks();
    const [connection] = await connectionsOf(service, referenceId);
    const { items } = await historyOf(connection?.id);
    expect(items.map(({ kind, status }) => [kind, status])).toEqual([
      ['failing', 'needs_reauth'],
      ['linked', 'active'],
    ]);
  });

  it('can be read page by page, and by an id that was merged into another', async () => {
    const { account } = service.sandbox;
    const referenceId = newReference();
    const { userId } = account.connect({ provider: 'OURA', referenceId });
    for (let time = 0; time < 4; time += 1) account.changePermissions(userId, { add: [`scope-${time}`] });
    await service.drainWebhooks();
    const [connection] = await connectionsOf(service, referenceId);
    const all = await historyOf(connection?.id);
    const pieces: Line[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Page = await historyOf(connection?.id, `?limit=2${cursor && `&cursor=${cursor}`}`);
      pieces.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(pieces).toEqual(all.items);
    expect(pieces).toHaveLength(5);
  });

  it.each([
    ['an unknown connection', '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10', '', 404, 'connection.not_found'],
    ['an id that is none', 'nobody', '', 404, 'connection.not_found'],
  ])('of %s is a plain 404', async (_case, id, query, status, code) => {
    const answer = await service.api('GET', `/v1/connections/${id}/history${query}`);
    expect(answer).toMatchObject({ status, body: { code } });
  });

  it('refuses a cursor that this list has not given out', async () => {
    const { account } = service.sandbox;
    const referenceId = newReference();
    account.connect({ provider: 'OURA', referenceId });
    await service.drainWebhooks();
    const [connection] = await connectionsOf(service, referenceId);
    const path = `/v1/connections/${connection?.id}/history`;
    for (const cursor of ['garbage', 'AZgMDnsafD6dVQ8rbxyaEA']) {
      const answer = await service.api('GET', `${path}?cursor=${cursor}`);
      expect(answer).toMatchObject({
        status: 422,
        body: { code: 'request.invalid', errors: [{ field: 'cursor' }] },
      });
    }
  });

  it('T-16: an account that two people have connected stays with both, and is reported', async () => {
    const { account } = service.sandbox;
    const people = [newReference(), newReference()];
    for (const referenceId of people) {
      const { userId } = account.connect({
        provider: 'OURA',
        referenceId,
        providerAccount: 'shared@example.com',
      });
      account.sendData(userId, 'athlete');
    }
    await service.drainWebhooks();
    for (const referenceId of people) {
      expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
    }
    const reports = service.log.filter((line) => line.includes('connection.account_shared'));
    expect(reports).toHaveLength(1);
    expect(service.log.join('')).not.toContain('shared@example.com');
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toContain('terra_connect_shared_accounts_total 1');
  });
});
