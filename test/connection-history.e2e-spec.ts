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

describe('The history of a connection', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterAll(() => service.close());

  const historyOf = async (id: string | undefined, query = ''): Promise<Page> => {
    const { status, body } = await service.api<Page>('GET', `/v1/connections/${id}/history${query}`);
    expect(status).toBe(200);
    return body;
  };
  const summaryOf = ({ kind, cause, origin, source, status }: Line): string =>
    [kind, cause, origin, source, status].join(' ');

  it('lists facts newest first, each with its cause, origin, source and the resulting status', async () => {
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
    const lines = items.map(summaryOf);
    // The deauth event has a time of Terra's clock, our own fact a time of our clock, so either can be the earlier one.
    expect(lines.slice(0, -5).sort()).toEqual([
      'ended deauth us webhook disconnected',
      'ended disconnected_by_us us api disconnected',
    ]);
    expect(lines.slice(-5)).toEqual([
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

  it('is ordered by occurrence, however late a fact arrives', async () => {
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

  it('can be read page by page', async () => {
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
    ['a malformed id', 'nobody', '', 404, 'connection.not_found'],
  ])('is not found for %s', async (_case, id, query, status, code) => {
    const answer = await service.api('GET', `/v1/connections/${id}/history${query}`);
    expect(answer).toMatchObject({ status, body: { code } });
  });

  it('rejects a cursor that the service has not issued', async () => {
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

  it('T-16: an account that two end users have connected stays with both and is reported', async () => {
    const { account } = service.sandbox;
    const references = [newReference(), newReference()];
    for (const referenceId of references) {
      const { userId } = account.connect({
        provider: 'OURA',
        referenceId,
        providerAccount: 'shared@example.com',
      });
      account.sendData(userId, 'athlete');
    }
    await service.drainWebhooks();
    for (const referenceId of references) {
      expect(await connectionsOf(service, referenceId)).toMatchObject([{ status: 'active' }]);
    }
    const reports = service.log.filter((line) => line.includes('connection.account_shared'));
    expect(reports).toHaveLength(1);
    expect(service.log.join('')).not.toContain('shared@example.com');
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toContain('terra_connect_shared_accounts_total 1');
  });
});
