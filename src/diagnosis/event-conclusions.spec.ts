import type { EndUserEndpoint } from '../events';
import { conclude } from './conclusions';
import type { DiagnosisInput } from './diagnosis-input';

const NOW = new Date('2026-11-24T12:00:00Z');
const NO_ANSWER = { at: NOW.toISOString(), status: null, error: 'timed_out', ms: 15_000 };
const LANE = {
  attempts: 0,
  failingSince: null,
  dueAt: NOW,
  firstEventId: 'event-1',
  lastAttempt: { at: NOW.toISOString(), status: 503, error: null, ms: 4 },
};
const ENDPOINT: EndUserEndpoint = {
  id: 'e-1',
  url: 'https://receiver.example/hooks/secret?token=secret',
  types: ['*'],
  enabled: true,
  disabledReason: null,
  lane: LANE,
};
const lane = (change: Partial<typeof LANE>): Partial<EndUserEndpoint> => ({ lane: { ...LANE, ...change } });

/** The diagnosis of a connected end user, if there are these endpoints. */
const concludeWith = (...endpoints: Partial<EndUserEndpoint>[]) =>
  conclude({
    now: NOW,
    erasedAt: null,
    sessions: [],
    connections: [
      {
        connection: {
          id: 'c-1',
          provider: 'GARMIN',
          terraUserId: 't-1',
          status: 'active',
          statusReason: null,
          statusAt: NOW,
          connectedAt: NOW,
          lastDataAt: NOW,
        },
        identities: [{ terraUserId: 't-1' }],
        history: [],
      },
    ],
    pendingDeauthentications: [],
    webhooks: [],
    lastWebhookAt: NOW,
    terra: { answered: true, users: [], unlisted: [], missing: [], isFull: false },
    told: { events: [], endpoints: endpoints.map((change) => ({ ...ENDPOINT, ...change })), dataTakers: [] },
    quietAfterHours: 72,
  } as unknown as DiagnosisInput);

describe('The conclusions from events that do not reach an endpoint', () => {
  it.each<[situation: string, code: string, endpoint: Partial<EndUserEndpoint>, part: string]>([
    ['answered 410', 'endpoint_disabled', { enabled: false, disabledReason: 'gone' }, 'it answered 410'],
    ['failed for days', 'endpoint_disabled', { enabled: false, disabledReason: 'failing' }, 'for five days'],
    [
      'was disabled',
      'endpoint_disabled',
      { enabled: false, disabledReason: 'requested' },
      'a caller disabled it',
    ],
    ['refuses', 'deliveries_fail', lane({ attempts: 3 }), 'event-1 in 3 attempts: it answered 503.'],
    [
      'is silent',
      'deliveries_fail',
      { lane: { ...LANE, attempts: 9, lastAttempt: NO_ANSWER } },
      'no answer (timed_out)',
    ],
  ])('an endpoint that %s: %s, and the end user needs attention', (_, code, endpoint, part) => {
    const { healthy, conclusions } = concludeWith(endpoint);
    expect({ healthy, codes: conclusions.map((one) => one.code) }).toEqual({
      healthy: false,
      codes: [code, 'connected'],
    });
    expect(conclusions[0]?.summary).toContain(part);
    expect(conclusions[0]?.summary).toContain('e-1 (https://receiver.example)');
  });

  it.each<[situation: string, endpoints: Partial<EndUserEndpoint>[]]>([
    ['no endpoint at all', []],
    ['no event that waits', [{ lane: null }]],
    [
      'a disabled endpoint for which no event waits',
      [{ enabled: false, disabledReason: 'requested', lane: null }],
    ],
    ['an event that has failed twice', [lane({ attempts: 2 })]],
  ])('none for %s', (_, endpoints) => {
    expect(concludeWith(...endpoints)).toMatchObject({ healthy: true, conclusions: [{ code: 'connected' }] });
  });

  it('do not tell the path of an endpoint, which may hold a secret', () => {
    expect(JSON.stringify(concludeWith(lane({ attempts: 3 }), { enabled: false }))).not.toContain('secret');
  });
});
