import { randomUUID } from 'node:crypto';
import { WebhookProcessorService } from '../src/webhooks/webhook-processor.service';
import { startTestApp, type TestApp } from './support/app';
import { connectionsOf, newReference } from './support/flow';
import { drainInbox } from './support/inbox';
import { postWebhook } from './support/webhooks';

const BATCH = 200;

interface EndUser {
  referenceId: string;
  userId: string;
}
const newEndUser = (): EndUser => ({ referenceId: newReference(), userId: randomUUID() });
const userOf = ({ referenceId, userId }: EndUser) => ({
  user_id: userId,
  provider: 'GARMIN',
  reference_id: referenceId,
  scopes: 'DAILY,SLEEP',
});
const authOf = (endUser: EndUser) => ({ type: 'auth', status: 'success', user: userOf(endUser) });

describe('T-21: a hostile body is stored, answered with 200 and settled with a reason', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  const user = (endUser: EndUser, more: string): string =>
    `{"type":"auth","status":"success",${more}"user":${JSON.stringify(userOf(endUser))}}`;
  const deep = (levels: number): string => `"a":${'['.repeat(levels)}${']'.repeat(levels)},`;

  it.each<[what: string, body: (endUser: EndUser) => string | Buffer, status: string, note: string | null]>([
    ['NUL in its text', (one) => user(one, '"message":"\\u0000",'), 'done', null],
    ['half of a surrogate pair', (one) => user(one, '"message":"\\ud800",'), 'done', null],
    ['100,000 levels', (one) => user(one, deep(100_000)), 'done', null],
    ['a member __proto__', (one) => user(one, '"__proto__":{"user":null,"type":"deauth"},'), 'done', null],
    ['a number beyond 64 bits', (one) => user(one, `"n":${'9'.repeat(400)},`), 'done', null],
    [
      'a type with NUL',
      () => '{"type":"auth\\u0000"}',
      'dead_lettered',
      'the body is not a Terra event as JSON in UTF-8',
    ],
    [
      'a type of 100,000 characters',
      () => `{"type":"${'x'.repeat(100_000)}"}`,
      'ignored',
      'the type is not known',
    ],
    [
      'bytes that are not UTF-8',
      () => Buffer.from([0x7b, 0xff, 0xfe]),
      'dead_lettered',
      'the body is not a Terra event as JSON in UTF-8',
    ],
    [
      'NUL in the reference of a failed attempt',
      () => '{"type":"auth_cancelled","reference_id":"a\\u0000"}',
      'ignored',
      'a failed attempt of an unknown end user',
    ],
    [
      'ids that are numbers beyond 64 bits',
      () => `{"type":"deauth","user":{"user_id":${'9'.repeat(40)},"provider":${'9'.repeat(40)}}}`,
      'ignored',
      'deauth without a user',
    ],
  ])('if it has %s', async (_what, bodyOf, status, note) => {
    const [hostile, before, after] = [newEndUser(), newEndUser(), newEndUser()];
    const traceId = randomUUID();
    for (const [body, id] of [
      [authOf(before), randomUUID()],
      [bodyOf(hostile), traceId],
      [authOf(after), randomUUID()],
    ] as const)
      expect((await postWebhook(service, body, { traceId: id })).status).toBe(200);
    const processor = service.app.get(WebhookProcessorService, { strict: false });
    const again = jest.spyOn(processor, 'processAgain');
    await drainInbox(service, BATCH);
    // It does not even split the batch.
    expect(again).not.toHaveBeenCalled();
    const rows = await service.query(
      `SELECT status, note, attempts FROM terra_connect.webhook_events WHERE trace_id = $1`,
      [traceId],
    );
    expect(rows).toEqual([{ status, note, attempts: 0 }]);
    for (const { referenceId } of [before, after])
      expect(await connectionsOf(service, referenceId)).toHaveLength(1);
  });
});
