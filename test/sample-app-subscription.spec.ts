import { Subscription } from '../sample-app/events/subscription';
import {
  ServiceRejectedError,
  ServiceUnavailableError,
  type TerraConnectClient,
  type WebhookEndpoint,
} from '../sample-app/terra-connect-client';

const OWN = 'http://127.0.0.1:3002/webhooks/terra-connect';
const SECRET = `whsec_${Buffer.from('0123456789abcdef').toString('base64')}`;
const UNAVAILABLE = new ServiceUnavailableError('no answer');

/** @param lists what the service answers to each list of endpoints */
function subscribe(...lists: (WebhookEndpoint[] | Error)[]) {
  const calls: string[] = [];
  const client = {
    listEndpoints: () => {
      const answer = lists.shift() ?? [];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
    createEndpoint: () => Promise.resolve({ secret: calls.push('create') && SECRET }),
    updateEndpoint: (id: string) => Promise.resolve(calls.push(`update ${id}`)),
    rotateEndpointSecret: (id: string) => Promise.resolve({ secret: calls.push(`rotate ${id}`) && SECRET }),
    deleteEndpoint: (id: string) => Promise.resolve(calls.push(`delete ${id}`)),
  };
  const subscription = new Subscription(client as unknown as TerraConnectClient, { webhookUrl: OWN });
  return { calls, lists, subscription };
}

describe('The subscription of the sample app', () => {
  afterEach(() => jest.restoreAllMocks());
  const untilStopped = (): AbortSignal => AbortSignal.timeout(20_000);

  it('waits for a service that is still starting', async () => {
    const { subscription, calls } = subscribe(UNAVAILABLE, UNAVAILABLE, []);
    await subscription.start(untilStopped());
    expect(subscription.webhook).not.toBeNull();
    expect(calls).toEqual(['create']);
  });

  it('tries again after too many requests', async () => {
    const { subscription } = subscribe(
      new ServiceRejectedError(429, 'rate_limit.exceeded', 'Retry later.'),
      [],
    );
    await subscription.start(untilStopped());
    expect(subscription).toMatchObject({ webhook: expect.anything() as object, rejection: null });
  });

  it('takes over the endpoint of an earlier start, deletes further ones of its own, and leaves those of others', async () => {
    const other = { id: 'e3', url: 'https://hooks.example.com' };
    const { subscription, calls } = subscribe([{ id: 'e1', url: OWN }, { id: 'e2', url: OWN }, other]);
    await subscription.start(untilStopped());
    expect(subscription.webhook).not.toBeNull();
    expect(calls).toEqual(['delete e2', 'update e1', 'rotate e1']);
  });

  it('says why the service rejected it, and does not ask again', async () => {
    const error = jest.spyOn(console, 'error').mockReturnValue();
    const { subscription, lists } = subscribe(
      new ServiceRejectedError(422, 'request.invalid', 'url must start with https://.'),
      [],
    );
    await subscription.start(untilStopped());
    expect(subscription).toMatchObject({ webhook: null, rejection: 'url must start with https://.' });
    expect(lists).toHaveLength(1);
    expect(error).toHaveBeenCalledWith(expect.stringContaining('must start with https://'));
  });

  it('ends when the app stops', async () => {
    const { subscription } = subscribe(...Array.from({ length: 1_000 }, () => UNAVAILABLE));
    const stopped = new AbortController();
    const started = subscription.start(stopped.signal);
    stopped.abort();
    await started;
    expect(subscription.webhook).toBeNull();
  });
});
