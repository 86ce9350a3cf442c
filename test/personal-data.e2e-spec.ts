import { ApiKey } from '../src/api-keys';
import { EventEndpoint, EventLogState, EventRelay } from '../src/events';
import { PersonalDataRegistry } from '../src/privacy';
import { CatalogueCheck, CatalogueProvider } from '../src/provider-retirement';
import { TERRA_CONNECT_ENTITIES } from '../src/terra-auth';
import { WebhookReceipt } from '../src/webhooks';
import { startTestApp, type TestApp } from './support/app';

/** Entities whose rows name no end user. */
const WITHOUT_END_USERS: unknown[] = [
  ApiKey,
  CatalogueCheck,
  CatalogueProvider,
  EventEndpoint,
  EventLogState,
  EventRelay,
  WebhookReceipt,
];

describe('The registry of personal data', () => {
  let service: TestApp;
  let registry: PersonalDataRegistry;
  beforeAll(async () => {
    service = await startTestApp();
    registry = service.app.get(PersonalDataRegistry, { strict: false });
  });
  afterAll(() => service.close());

  it('accounts for every entity exactly once, unless its rows name no end user', () => {
    const accounted: unknown[] = registry.all.flatMap(({ entities }) => [...entities]);
    const nameOf = (entity: unknown): string => (entity as { name: string }).name;
    const all: unknown[] = TERRA_CONNECT_ENTITIES;
    expect([...accounted, ...WITHOUT_END_USERS].map(nameOf).sort()).toEqual(all.map(nameOf).sort());
  });

  it('has a retention rule for each table that grows by use, and only for tables that exist', async () => {
    const tables = registry.pruneRules.map(({ table }) => table).sort();
    expect(tables).toEqual([
      'connect_sessions',
      'connection_facts',
      'deauthentications',
      'outgoing_events',
      'webhook_events',
      'webhook_receipts',
    ]);
    const found = await service.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables
        WHERE table_schema = 'terra_connect' AND table_name = ANY($1) ORDER BY 1`,
      [tables],
    );
    expect(found.map(({ name }) => name)).toEqual(tables);
  });
});
