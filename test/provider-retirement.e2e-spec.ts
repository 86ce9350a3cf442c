import { ProviderRetirementWorker } from '../src/provider-retirement';
import { loggedLines, startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference, shiftClock, stateOf, type ConnectionAnswer } from './support/flow';

interface Line {
  kind: string;
  cause: string;
  source: string;
  status: string;
}

describe('A provider that leaves the catalogue of Terra', () => {
  let service: TestApp;
  let hours = 0;
  beforeEach(async () => {
    service = await startTestApp();
    hours = 0;
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await service.close();
  });

  const connect = async (provider: string, referenceId = newReference()): Promise<ConnectionAnswer> => {
    service.sandbox.account.connect({ provider, referenceId });
    await service.drainWebhooks();
    return (await connectionsOf(service, referenceId))[0] as ConnectionAnswer;
  };
  const retire = (...codes: string[]): void => {
    service.sandbox.behaviour.retiredProviders = codes.join(',');
  };
  /** Runs the worker at the time of the next check. */
  const check = async (times = 1): Promise<void> => {
    if (times > 1) await check(times - 1);
    hours += 1;
    shiftClock(service, hours * 3_601);
    const worker = service.app.get(ProviderRetirementWorker, { strict: false });
    while (await worker.runOnce());
  };
  const read = async ({ id }: ConnectionAnswer): Promise<ConnectionAnswer> =>
    (await service.api<ConnectionAnswer>('GET', `/v1/connections/${id}`)).body;
  const metric = async (name: string): Promise<string[]> => {
    const { body } = await service.api<string>('GET', '/metrics');
    return String(body)
      .split('\n')
      .filter((line) => line.startsWith(`terra_connect_${name}`));
  };

  it('makes its connections need reauthorization after two catalogues, and says so everywhere', async () => {
    const [fitbit, garmin] = [await connect('FITBIT'), await connect('GARMIN')];
    await check();
    expect(await read(fitbit)).toMatchObject({ status: 'active' });
    await check();
    expect(await read(fitbit)).toMatchObject({ status: 'needs_reauth', statusReason: 'provider_retired' });
    expect(await read(garmin)).toEqual(garmin);

    const history = await service.api<{ items: Line[] }>('GET', `/v1/connections/${fitbit.id}/history`);
    const line = { kind: 'failing', cause: 'provider_retired', origin: 'provider', source: 'catalogue' };
    expect(history.body.items[0]).toMatchObject({ ...line, status: 'needs_reauth' });
    expect(loggedLines(service, 'provider.retired')).toMatchObject([
      { provider: 'FITBIT', successor: 'GOOGLE_HEALTH' },
    ]);
    expect(await metric('retired_provider_connections')).toEqual([
      'terra_connect_retired_provider_connections{provider="FITBIT"} 1',
    ]);
    const diagnosis = await service.api('GET', `/v1/end-users/${fitbit.referenceId}/diagnosis`);
    expect(JSON.stringify(diagnosis.body)).toContain('needs_reauth_provider_retired');
    expect(JSON.stringify(diagnosis.body)).toContain(
      `connectionId ${fitbit.id} and providers [\\"GOOGLE_HEALTH\\"]`,
    );
  });

  it('changes a connection once, however many checks follow, and finds one that came late', async () => {
    const early = await connect('FITBIT');
    await check();
    await check();
    const before = await stateOf(service);
    await check();
    expect(await stateOf(service)).toEqual(before);
    expect(await read(early)).toMatchObject({ statusReason: 'provider_retired' });
    // Its webhook was late: the account was connected before the provider was retired.
    jest.restoreAllMocks();
    const late = await connect('FITBIT');
    await check();
    expect(await read(late)).toMatchObject({ statusReason: 'provider_retired' });
  });

  it('tells more connections than one batch has', async () => {
    for (let one = 0; one < 60; one += 1)
      service.sandbox.account.connect({ provider: 'FITBIT', referenceId: `person-${one}` });
    await service.drainWebhooks();
    await check();
    await check();
    const [{ count }] = (await service.query(
      `SELECT count(*)::int FROM terra_connect.connections WHERE status_reason = 'provider_retired'`,
    )) as [{ count: number }];
    expect(count).toBe(60);
    expect(await metric('retired_provider_connections')).toEqual([
      'terra_connect_retired_provider_connections{provider="FITBIT"} 60',
    ]);
  });

  it('and comes back makes its connections active again, except those that failed by themselves', async () => {
    const [healthy, broken] = [await connect('OURA'), await connect('OURA')];
    await connect('GARMIN');
    service.sandbox.account.reportConnectionError(broken.terraUserId);
    await service.drainWebhooks();
    retire('OURA');
    await check(2);
    expect(await read(healthy)).toMatchObject({ statusReason: 'provider_retired' });
    expect(await read(broken)).toMatchObject({ statusReason: 'provider_retired' });
    retire();
    await check();
    expect(await read(healthy)).toMatchObject({ status: 'active', statusReason: null });
    expect(await read(broken)).toMatchObject({ status: 'needs_reauth', statusReason: 'connection_error' });
    expect(loggedLines(service, 'provider.returned')).toMatchObject([{ provider: 'OURA' }]);
    expect(await metric('retired_provider_connections')).toEqual([]);
  });

  it('T-23: changes nothing when the catalogue is empty, lacks many providers, or cannot be read', async () => {
    const connections = [await connect('OURA'), await connect('GARMIN'), await connect('POLAR')];
    await check();
    const before = await stateOf(service);
    service.sandbox.behaviour.noSourceEnabled = true;
    await check(3);
    service.sandbox.behaviour.noSourceEnabled = false;
    retire('OURA', 'GARMIN', 'POLAR');
    await check(3);
    expect(await metric('provider_catalogue_held')).toEqual(['terra_connect_provider_catalogue_held 1']);
    expect(loggedLines(service, 'catalogue.held').map(({ objection }) => objection)).toEqual([
      ...['empty_catalogue', 'empty_catalogue', 'empty_catalogue'],
      ...['too_many_gone', 'too_many_gone', 'too_many_gone'],
    ]);
    service.sandbox.behaviour.down = true;
    await check(2);
    service.sandbox.behaviour.down = false;
    expect(await stateOf(service)).toEqual(before);
    for (const connection of connections) expect(await read(connection)).toEqual(connection);

    retire();
    await check();
    const [row] = await service.query(`SELECT held_since FROM terra_connect.catalogue_checks`);
    expect(row).toEqual({ held_since: null });
  });

  it('is looked for by one process at a time, and about hourly', async () => {
    const worker = service.app.get(ProviderRetirementWorker, { strict: false });
    await Promise.all([1, 2, 3].map(() => worker.runOnce()));
    await worker.runOnce();
    const asked = service.sandbox.requests.filter(({ path }) => path.includes('/integrations/detailed'));
    // The list with and the list without phone-only providers.
    expect(asked).toHaveLength(2);
  });
});
