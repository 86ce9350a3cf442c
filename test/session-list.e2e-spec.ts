import { ApiKeysService, type Scope } from '../src/api-keys';
import { RETURN_URL, startTestApp, type TestApp } from './support/app';
import {
  newReference,
  readSession,
  shiftClock,
  startSession,
  visit,
  type SessionAnswer,
} from './support/flow';
import { cancelInWidget, connectThroughWidget } from './support/sandbox';

interface SessionPage {
  items: SessionAnswer[];
  nextCursor: string | null;
}

describe('The list of connect sessions', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  beforeEach(() => service.sandbox.reset());
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  const list = async (query: Record<string, string>): Promise<SessionPage> => {
    const { status, body } = await service.api<SessionPage>(
      'GET',
      `/v1/connect-sessions?${new URLSearchParams(query).toString()}`,
    );
    expect(status).toBe(200);
    return body;
  };
  const idsOf = ({ items }: SessionPage): string[] => items.map(({ id }) => id);

  it('has the sessions of one end user, newest first, each as if it were read alone', async () => {
    const referenceId = newReference();
    await startSession(service);
    const first = await startSession(service, { referenceId, returnUrl: RETURN_URL });
    await visit(await connectThroughWidget(first.widgetUrl, { provider: 'GARMIN' }));
    const second = await startSession(service, { referenceId });
    const page = await list({ referenceId });
    expect(page).toEqual({
      items: [await readSession(service, second.id), await readSession(service, first.id)],
      nextCursor: null,
    });
    expect(page.items[1]?.connections).toHaveLength(1);
    expect(page.items[0]?.connectUrl).toBe(second.connectUrl);
  });

  it('is read in pages that neither repeat nor leave out a session, also when new ones are created', async () => {
    const referenceId = newReference();
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.unshift((await startSession(service, { referenceId })).id);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: SessionPage = await list({ referenceId, limit: '2', ...(cursor && { cursor }) });
      seen.push(...idsOf(page));
      cursor = page.nextCursor;
      await startSession(service, { referenceId });
    }
    expect(seen).toEqual(ids);
  });

  it('is filtered by the status that each session has now, before a worker has stored it', async () => {
    const referenceId = newReference();
    const pending = await startSession(service, { referenceId });
    const cancelled = await startSession(service, { referenceId });
    await visit(await cancelInWidget(cancelled.widgetUrl, { provider: 'GARMIN' }));
    const opened = await startSession(service, { referenceId });
    await visit(opened.connectUrl);
    const idsWith = async (status: string): Promise<string[]> => idsOf(await list({ referenceId, status }));
    expect(await idsWith('pending')).toEqual([pending.id]);
    expect(await idsWith('opened')).toEqual([opened.id]);
    expect(await idsWith('cancelled')).toEqual([cancelled.id]);
    expect(await idsWith('completed')).toEqual([]);
    shiftClock(service, 100_000);
    expect(await idsWith('pending')).toEqual([]);
    expect(await idsWith('expired')).toEqual([opened.id, pending.id]);
    expect((await list({ referenceId, status: 'expired' })).items).toMatchObject([
      { status: 'expired', connectUrl: null },
      { status: 'expired', widgetUrl: null },
    ]);
    expect(idsOf(await list({ status: 'expired' }))).toEqual(expect.arrayContaining([opened.id, pending.id]));
  });

  it('counts a session whose creation was never finished as failed', async () => {
    const referenceId = newReference();
    const { id } = await startSession(service, { referenceId });
    await service.query(`UPDATE terra_connect.connect_sessions SET widget_url = NULL WHERE id = $1`, [id]);
    shiftClock(service, 100_000);
    expect(await list({ referenceId, status: 'failed' })).toMatchObject({
      items: [{ id, status: 'failed', failureReason: 'abandoned' }],
    });
    expect(idsOf(await list({ referenceId, status: 'expired' }))).toEqual([]);
  });

  it.each([
    ['status', 'open'],
    ['status', ''],
    ['cursor', 'x'],
    ['limit', '0'],
    ['referenceId', ''],
    ['provider', 'GARMIN'],
  ])('rejects a wrong filter: %s=%s', async (field, value) => {
    const answer = await service.api('GET', `/v1/connect-sessions?${field}=${value}`);
    expect(answer).toMatchObject({ status: 422, body: { code: 'request.invalid', errors: [{ field }] } });
  });

  it('T-22: requires the scope that reads a session', async () => {
    const apiKeys = service.app.get(ApiKeysService, { strict: false });
    const statusWith = async (scope: Scope): Promise<number> => {
      const { key } = await apiKeys.create(scope, [scope]);
      return (await service.api('GET', '/v1/connect-sessions', { key })).status;
    };
    expect(await statusWith('sessions:write')).toBe(403);
    expect(await statusWith('sessions:read')).toBe(200);
  });
});
