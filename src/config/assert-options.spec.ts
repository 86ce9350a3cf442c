import { assertOptions } from './assert-options';
import { NATS_DEFAULTS } from './nats-options';
import { DATA_DEFAULTS } from './data-options';
import {
  DEFAULT_API_KEY_CACHE_SECONDS,
  DEFAULT_BODY_BUDGET_MB,
  OUTBOUND_DEFAULTS,
  OUTGOING_DEFAULTS,
  PROVIDER_DEFAULTS,
  RATE_LIMIT_DEFAULTS,
  RECONCILIATION_DEFAULTS,
  RETENTION_DEFAULTS,
} from './options';

const options = {
  publicUrl: 'https://connect.example.com',
  terra: {
    devId: 'acme-production-1',
    apiKey: '0b7c1e5f9d3a48627c5e1b0f',
    signingSecrets: ['6f1d2c3b4a5968778695a4b3c2d1e0f0'],
    apiUrl: 'https://access.tryterra.co/api/v2',
    widgetUrl: 'https://access.tryterra.co/api/widget/session',
    widgetGeneration: 'auto' as const,
    signatureToleranceSeconds: 300,
  },
  returnUrls: [],
  workersEnabled: true,
  reconciliation: RECONCILIATION_DEFAULTS,
  retention: RETENTION_DEFAULTS,
  data: DATA_DEFAULTS,
  outgoing: OUTGOING_DEFAULTS,
  outbound: OUTBOUND_DEFAULTS,
  providers: PROVIDER_DEFAULTS,
  nats: NATS_DEFAULTS,
  rateLimits: RATE_LIMIT_DEFAULTS,
  bodyBudgetMb: DEFAULT_BODY_BUDGET_MB,
  apiKeyCacheSeconds: DEFAULT_API_KEY_CACHE_SECONDS,
};

describe("a host's options", () => {
  const { NODE_ENV } = process.env;
  afterEach(() => (process.env.NODE_ENV = NODE_ENV));

  it('T-20: must not have published or short secrets in production', () => {
    const weak = {
      ...options,
      terra: { ...options.terra, apiKey: 'dev-only-terra-api-key', signingSecrets: ['12345678'] },
      bootstrapApiKey: 'dev-only-admin-api-key',
    };
    expect(() => assertOptions(weak)).not.toThrow();
    process.env.NODE_ENV = 'production';
    expect(() => assertOptions(options)).not.toThrow();
    expect(() => assertOptions(weak)).toThrow(
      /terra\.apiKey has a value .*; bootstrapApiKey has a value .*; terra\.signingSecrets has a secret of less than 16/,
    );
  });

  it('T-04: must not list return URLs in a local network in production', () => {
    const local = { ...options, returnUrls: ['http://192.168.1.20:3000/'] };
    expect(() => assertOptions(local)).not.toThrow();
    process.env.NODE_ENV = 'production';
    expect(() => assertOptions(local)).toThrow('returnUrls entry 1 is an address of a local network');
  });

  it('T-18: must not open private networks by a text that counts as true', () => {
    const outbound = { allowPrivateNetworks: 'false' as never };
    expect(() => assertOptions({ ...options, outbound })).toThrow('outbound.allowPrivateNetworks must be');
  });

  it.each([NaN, -1, 15])('T-21: must leave memory for one webhook: not %d MB', (bodyBudgetMb) => {
    expect(() => assertOptions({ ...options, bodyBudgetMb })).toThrow('bodyBudgetMb must be');
  });

  it.each([NaN, -1, 301])('T-22: must bound how long a revoked key works: not %d s', (apiKeyCacheSeconds) => {
    expect(() => assertOptions({ ...options, apiKeyCacheSeconds })).toThrow('apiKeyCacheSeconds must be');
  });

  it.each<Record<string, string>>([{ 'A B': 'C' }, { A: 'B=C' }, { '': 'C' }])(
    'must name provider codes as ended and as successors: not %j',
    (successors) => {
      const providers = { ...PROVIDER_DEFAULTS, successors };
      expect(() => assertOptions({ ...options, providers })).toThrow('providers.successors must be');
    },
  );

  it.each<[string, object]>([
    ['servers', { servers: ['http://nats:4222'] }],
    ['servers', { servers: ['nats://user:secret@nats:4222'] }],
    ['servers', { servers: ['nats://one:4222', 'tls://two:4222'] }],
    ['servers', { servers: ['nats://one:4222/path'] }],
    ['prefix', { prefix: 'events.>' }],
    ['prefix', { prefix: 'events..new' }],
    ['stream', { stream: 'a.b' }],
    ['partitions', { partitions: NaN }],
    ['partitions', { partitions: 0 }],
    ['types', { types: ['connection .x'] }],
    ['types', { types: [] }],
  ])('must have a NATS that can work: not these nats.%s: %j', (name, given) => {
    const nats = { ...NATS_DEFAULTS, ...given };
    expect(() => assertOptions({ ...options, nats })).toThrow(`nats.${name} must`);
  });

  it.each([[['nats://one:4222', 'nats://two']], [['tls://nats.internal/']], [[]]])(
    'may list the NATS servers %j',
    (servers) => {
      const nats = { ...NATS_DEFAULTS, servers };
      expect(() => assertOptions({ ...options, nats })).not.toThrow();
    },
  );

  it.each([NaN, -1, Infinity])(
    'T-21: must not have the limit %d, which would never apply',
    (endUserPerHour) => {
      const rateLimits = { ...RATE_LIMIT_DEFAULTS, endUserPerHour };
      expect(() => assertOptions({ ...options, rateLimits })).toThrow('rateLimits.endUserPerHour must be');
    },
  );

  it.each([NaN, 0, 721])('must bound how long health data stays: not %d hours', (retentionHours) => {
    expect(() => assertOptions({ ...options, data: { ...options.data, retentionHours } })).toThrow(
      'data.retentionHours must be',
    );
  });

  it('T-18: must list hosts that belong to one owner if payloads are fetched', () => {
    const data = (pointerHosts: string[]) => ({ ...options.data, pointers: 'fetch' as const, pointerHosts });
    expect(() => assertOptions({ ...options, data: data([]) })).toThrow('data.pointerHosts must list');
    expect(() => assertOptions({ ...options, data: data(['com']) })).toThrow('entry 1 is too wide');
    expect(() => assertOptions({ ...options, data: data(['bucket.example.com']) })).not.toThrow();
    const pointers = 'yes' as 'fetch';
    expect(() => assertOptions({ ...options, data: { ...options.data, pointers } })).toThrow('data.pointers');
  });
});
