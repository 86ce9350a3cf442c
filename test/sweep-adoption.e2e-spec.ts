import { ApiKeysService } from '../src/api-keys';
import { loggedLines, startTestApp, type TestApp } from './support/app';
import { connectionsOf, shiftClock } from './support/flow';
import {
  linkedAtTerra,
  linkedInDatabase,
  linkEndUsers,
  reconciledState,
  sweep,
  withWebhooksLost,
} from './support/reconciliation';

const HOUR = 3_600;

describe('A service that starts with a Terra account that has users', () => {
  let service: TestApp;
  beforeEach(async () => (service = await startTestApp()));
  afterEach(async () => {
    jest.restoreAllMocks();
    await service.close();
  });

  const connectAtTerra = (count: number): void =>
    withWebhooksLost(service, () => {
      for (let n = 0; n < count; n += 1)
        service.sandbox.account.connect({ provider: 'GARMIN', referenceId: `earlier-${n}` });
    });
  const start = (body: object) =>
    service.api<{ id: string; code: string; adopts: boolean }>('POST', '/v1/sweeps', { body });

  it('explains why the first sweep awaits approval, in the log, the API and the diagnosis', async () => {
    connectAtTerra(15);
    const { sweep: awaiting } = await sweep(service);
    expect(awaiting).toMatchObject({
      status: 'awaiting_approval',
      approvalReason: 'unknown_users',
      applied: 0,
    });
    const [line] = loggedLines(service, 'sweep.awaiting_approval');
    expect(line).toMatchObject({ level: 'error', approvalReason: 'unknown_users', changes: 15 });
    expect(line?.advice).toContain('first day');
    expect(line?.advice).toContain('sweep --adopt');
    const diagnosis = await service.api<{ conclusions: { code: string; advice: string }[] }>(
      'GET',
      '/v1/end-users/earlier-3/diagnosis',
    );
    const [first] = diagnosis.body.conclusions;
    expect(first).toMatchObject({ code: 'sweep_awaits_adoption' });
    expect(first?.advice).toContain(awaiting.id);
  });

  it('adopts each unknown Terra user with a reference id as found, after a dry run', async () => {
    connectAtTerra(15);
    const { account } = service.sandbox;
    const anonymous = withWebhooksLost(service, () =>
      account.connect({ provider: 'OURA', referenceId: 'x' }),
    );
    anonymous.referenceId = null;
    const before = await reconciledState(service);
    const dry = await sweep(service, { adopt: true, dryRun: true });
    expect(dry.sweep).toMatchObject({ status: 'completed', approvalReason: null, adopts: true, applied: 0 });
    expect(dry.counts).toEqual({ link: 15, no_owner: 1 });
    expect(await reconciledState(service)).toEqual(before);

    const adopted = await sweep(service, { adopt: true });
    expect(adopted.sweep).toMatchObject({ status: 'completed', adopts: true, forced: false, applied: 15 });
    expect(await linkedInDatabase(service)).toEqual(
      linkedAtTerra(service).filter((line) => !line.endsWith(anonymous.userId)),
    );
    const [connection] = await connectionsOf(service, 'earlier-0');
    const history = await service.api('GET', `/v1/connections/${connection?.id}/history`);
    expect(history.body.items).toMatchObject([{ kind: 'linked', cause: 'found', source: 'sweep' }]);
    // Later sweeps are usual ones.
    expect((await sweep(service)).sweep).toMatchObject({ status: 'completed', adopts: false, changes: 0 });
  });

  it('accepts the sweep that awaits approval as the report, which the adoption then overtakes', async () => {
    connectAtTerra(12);
    const { sweep: awaiting } = await sweep(service);
    expect((await sweep(service, { adopt: true })).sweep).toMatchObject({ status: 'completed', applied: 12 });
    const read = await service.api('GET', `/v1/sweeps/${awaiting.id}`);
    expect(read.body).toMatchObject({ status: 'overtaken' });
  });

  it('does not adopt without a report of the last 24 hours, and says how to get one', async () => {
    connectAtTerra(12);
    const refused = await start({ adopt: true });
    expect(refused).toMatchObject({ status: 409, body: { code: 'sweep.report_missing' } });
    await sweep(service, { adopt: true, dryRun: true });
    shiftClock(service, 25 * HOUR);
    expect((await start({ adopt: true })).status).toBe(409);
    jest.restoreAllMocks();
    const started = await start({ adopt: true });
    expect(started).toMatchObject({ status: 202, body: { adopts: true } });
  });

  it('lets only an admin adopt, and keeps who did', async () => {
    const { key } = await service.app
      .get(ApiKeysService, { strict: false })
      .create('a writer', ['connections:read', 'connections:write']);
    const answer = await service.api('POST', '/v1/sweeps', { body: { adopt: true }, key });
    expect(answer.status).toBe(403);
    await start({ adopt: true, dryRun: true });
    const list = await service.api<{ items: { actor: string; adopts: boolean }[] }>('GET', '/v1/sweeps');
    expect(list.body.items).toMatchObject([
      { actor: expect.stringMatching(/^[0-9a-f-]{36}$/) as string, adopts: true },
    ]);
  });

  it('T-23: allows no more disappearances than any other sweep', async () => {
    const endUsers = await linkEndUsers(service, 30);
    connectAtTerra(100);
    for (const { userId } of endUsers.slice(0, 11)) service.sandbox.account.remove(userId);
    await sweep(service, { adopt: true, dryRun: true });
    const before = await reconciledState(service);
    const { sweep: adopting } = await sweep(service, { adopt: true });
    expect(adopting).toMatchObject({
      status: 'awaiting_approval',
      approvalReason: 'too_many_changes',
      adopts: true,
      applied: 0,
    });
    expect(await reconciledState(service)).toEqual(before);
  });

  it('T-23: adopts nobody from another environment, where every connection of the service is missing', async () => {
    await linkEndUsers(service, 3);
    service.sandbox.account.users.clear();
    connectAtTerra(50);
    const { sweep: plain } = await sweep(service);
    expect(plain).toMatchObject({ status: 'awaiting_approval', approvalReason: 'too_many_changes' });
    const { sweep: adopting } = await sweep(service, { adopt: true });
    expect(adopting).toMatchObject({
      status: 'awaiting_approval',
      approvalReason: 'too_many_changes',
      applied: 0,
    });
  });
});
