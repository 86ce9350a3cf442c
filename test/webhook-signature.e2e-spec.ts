import { startTestApp, type TestApp } from './support/app';
import { shiftClock, stateOf } from './support/flow';
import { sendRaw, type RawAnswer } from './support/raw-http';
import { TEST_CREDENTIALS } from './support/sandbox';
import {
  nowInSeconds,
  postWebhook,
  signatureHeader,
  signatureHex,
  type WebhookOptions,
} from './support/webhooks';

const SECRET = TEST_CREDENTIALS.signingSecret;
const SECOND_SECRET = 'a-second-destination-with-a-secret-of-its-own';
const MEGABYTE = 1024 * 1024;

let next = 0;
const newEvent = () => ({
  type: 'auth',
  status: 'success',
  user: { user_id: `user-${(next += 1)}`, provider: 'GARMIN', reference_id: `person-${next}` },
});

describe('The webhook endpoint', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await startTestApp({ TERRA_SIGNING_SECRETS: `${SECOND_SECRET}, ${SECRET}` });
  });
  afterAll(() => service.close());
  afterEach(() => jest.restoreAllMocks());

  const metric = async (name: string): Promise<number> => {
    const { text } = await sendRaw(service.url, '/metrics');
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
    return Number(line?.split(' ').at(-1) ?? 0);
  };
  const rejectionsBy = (cause: string): Promise<number> =>
    metric(`terra_connect_webhook_rejections_total{cause="${cause}"}`);
  const stored = async (): Promise<number> => {
    const [row] = await service.query<{ count: string }>('SELECT count(*) FROM terra_connect.webhook_events');
    return Number(row?.count);
  };

  /** Posts the webhook; expects a 401 without details, one more in the counter of its cause, and no other change. */
  const expectRejected = async (
    cause: string,
    event: object | string | Buffer,
    options: WebhookOptions,
  ): Promise<void> => {
    await service.drainWebhooks();
    const [before, counted] = [await stateOf(service), await rejectionsBy(cause)];
    const answer = await postWebhook(service, event, options);
    expect(answer.json).toEqual({
      type: 'urn:terra-connect:problem:webhook.signature_refused',
      title: 'Unauthorized',
      status: 401,
      code: 'webhook.signature_refused',
      detail: 'The service rejects the signature. The log has the cause.',
    });
    expect(answer.status).toBe(401);
    await service.drainWebhooks();
    expect(await stateOf(service)).toEqual(before);
    expect(await rejectionsBy(cause)).toBe(counted + 1);
  };
  const expectStored = async (post: () => Promise<RawAnswer>): Promise<void> => {
    const before = await stored();
    expect((await post()).status).toBe(200);
    expect(await stored()).toBe(before + 1);
  };

  describe('T-08: with a forged signature', () => {
    const body = JSON.stringify(newEvent());
    const at = nowInSeconds();
    const hex = signatureHex(body, at);

    it.each<[string, string, string | string[] | null]>([
      ['no signature', 'missing', null],
      ['an empty signature', 'missing', ''],
      ['a random digest', 'no_match', `t=${at},v1=${'0'.repeat(64)}`],
      ['the digest of another secret', 'no_match', signatureHeader(body, at, 'another-secret')],
      ['the digest of no secret', 'no_match', signatureHeader(body, at, '')],
      ['the digest of the body without its time', 'no_match', `t=${at},v1=${signatureHex(body, '')}`],
      ['the digest of another time', 'no_match', `t=${at},v1=${signatureHex(body, at - 1)}`],
      ['a time with a leading zero', 'no_match', `t=0${at},v1=${hex}`],
      ['one digit changed', 'no_match', `t=${at},v1=${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}`],
      ['truncated hex', 'malformed', `t=${at},v1=${hex.slice(0, 32)}`],
      ['hex with two more digits', 'malformed', `t=${at},v1=${hex}00`],
      ['hex with "=junk" after it', 'malformed', `t=${at},v1=${hex}=junk`],
      ['a time with "=junk" after it', 'malformed', `t=${at}=junk,v1=${hex}`],
      ['a digest that is not hex', 'malformed', `t=${at},v1=${'z'.repeat(64)}`],
      ['a digest in base64', 'malformed', `t=${at},v1=${Buffer.from(hex, 'hex').toString('base64')}`],
      ['only another scheme', 'malformed', `t=${at},v0=${hex}`],
      ['another case of the scheme', 'malformed', `t=${at},V1=${hex}`],
      ['no time', 'malformed', `v1=${hex}`],
      ['an empty time', 'malformed', `t=,v1=${hex}`],
      ['two times', 'malformed', `t=${at},t=${at},v1=${hex}`],
      ['a time that is no number', 'malformed', `t=now,v1=${signatureHex(body, 'now')}`],
      ['a time with a suffix', 'malformed', `t=${at}abc,v1=${signatureHex(body, `${at}abc`)}`],
      ['a negative time', 'malformed', `t=-${at},v1=${signatureHex(body, `-${at}`)}`],
      ['a fraction of a time', 'malformed', `t=${at}.5,v1=${signatureHex(body, `${at}.5`)}`],
      ['the digest alone', 'malformed', hex],
      ['nine signatures', 'malformed', `t=${at}${`,v1=${hex}`.repeat(9)}`],
      ['a header of 8 KB', 'malformed', `t=${at},v1=${hex},v0=${'0'.repeat(8_000)}`],
      ['the header twice', 'malformed', [`t=${at},v1=${hex}`, `t=${at},v1=${hex}`]],
    ])('rejects %s', async (_case, cause, signature) => {
      await expectRejected(cause, body, { signature });
      // The check also applies to the deprecated name of the header.
      await expectRejected(cause, body, { signature, signatureName: 'terra-signature' });
    });

    it('does not fall back to the second header when the first one is wrong', async () => {
      const event = newEvent();
      const signature = `t=${at},v1=${'0'.repeat(64)}`;
      const headers = { 'terra-signature': signatureHeader(JSON.stringify(event)) };
      await expectRejected('no_match', event, { signature, headers });
    });

    it('rejects JSON that equals the signed JSON, but not byte for byte', async () => {
      const event = newEvent();
      const signature = signatureHeader(JSON.stringify(event));
      await expectRejected('no_match', JSON.stringify(event, null, 1), { signature });
      await expectRejected('no_match', `${JSON.stringify(event)}\n`, { signature });
      const escaped = JSON.stringify(event).replace('GARMIN', '\\u0047ARMIN');
      await expectRejected('no_match', escaped, { signature });
    });

    it('rejects a body that equals the signed body only when both are read as text', async () => {
      const [one, other] = [
        Buffer.from('{"type":"\xff"}', 'latin1'),
        Buffer.from('{"type":"\xfe"}', 'latin1'),
      ];
      await expectRejected('no_match', other, { signature: signatureHeader(one) });
    });

    it('rejects an empty body, signed or not, because Terra sends none', async () => {
      await expectRejected('missing', '', { signature: null });
      await expectRejected('malformed', '', {});
    });
  });

  describe('accepts a genuine signature', () => {
    it.each(['X-Terra-Signature', 'terra-signature'])('under the name %s', async (signatureName) => {
      await expectStored(() => postWebhook(service, newEvent(), { signatureName }));
    });

    it('under both names at once', async () => {
      const body = JSON.stringify(newEvent());
      const signature = signatureHeader(body);
      await expectStored(() =>
        postWebhook(service, body, { signature, headers: { 'terra-signature': signature } }),
      );
    });

    it.each([SECRET, SECOND_SECRET])('made with any of the secrets (%#)', async (secret) => {
      await expectStored(() => postWebhook(service, newEvent(), { secret }));
    });

    it.each<[string, (hex: string) => string]>([
      ['after a wrong one', (hex) => `v1=${'0'.repeat(64)},v1=${hex}`],
      ['before a wrong one', (hex) => `v1=${hex},v1=${'0'.repeat(64)}`],
      ['beside another scheme', (hex) => `v0=${'0'.repeat(64)},v1=${hex},v2=x`],
      ['in upper case', (hex) => `v1=${hex.toUpperCase()}`],
      ['after a blank', (hex) => ` v1=${hex}`],
    ])('with the right v1 %s', async (_case, schemes) => {
      const body = JSON.stringify(newEvent());
      const at = nowInSeconds();
      const signature = `t=${at},${schemes(signatureHex(body, at))}`;
      await expectStored(() => postWebhook(service, body, { signature }));
    });

    it.each([
      'text/plain',
      'application/xml',
      'application/json; charset=utf-16',
      'application/x-www-form-urlencoded',
    ])('whatever the content type says: %s', async (contentType) => {
      await expectStored(() =>
        postWebhook(service, newEvent(), { headers: { 'content-type': contentType } }),
      );
    });
  });

  describe('T-09: the clock', () => {
    // The middle of a second, so that the request ends before the next second.
    const at = Math.floor(Date.now() / 1_000) * 1_000 + 500;
    const postWhenAged = async (seconds: number): Promise<RawAnswer> => {
      shiftClock(service, (at - Date.now()) / 1_000);
      return postWebhook(service, newEvent(), { timestamp: Math.floor(at / 1_000) - seconds });
    };

    it.each([0, 299, 300, -299, -300])('accepts an age of %i seconds', async (seconds) => {
      await expectStored(() => postWhenAged(seconds));
    });

    it.each([
      [301, 'too_old'],
      [86_400, 'too_old'],
      [-301, 'too_far_ahead'],
      [-86_400, 'too_far_ahead'],
    ])('rejects an age of %i seconds, counted as %s', async (seconds, cause) => {
      const [before, counted] = [await stored(), await rejectionsBy(cause)];
      expect(await postWhenAged(seconds)).toMatchObject({
        status: 401,
        json: { code: 'webhook.signature_refused' },
      });
      expect(await stored()).toBe(before);
      expect(await rejectionsBy(cause)).toBe(counted + 1);
    });

    it('rejects a timestamp in milliseconds, with a counter of its own', async () => {
      await expectRejected('millisecond_timestamp', newEvent(), { timestamp: Date.now() });
    });

    it('counts a forged time as forged, and not as too old', async () => {
      const body = JSON.stringify(newEvent());
      const signature = `t=${nowInSeconds() - 1_000},v1=${signatureHex(body, nowInSeconds())}`;
      await expectRejected('no_match', body, { signature });
    });
  });

  describe('the size limit', () => {
    const bodyOf = (bytes: number): string => {
      const head = '{"type":"daily","padding":"';
      return `${head}${'x'.repeat(bytes - head.length - 2)}"}`;
    };

    it('allows 15 MB', async () => {
      await expectStored(() => postWebhook(service, bodyOf(15 * MEGABYTE)));
    });

    it('rejects 16 MB, even with a genuine signature', async () => {
      const before = await stateOf(service);
      const answer = await postWebhook(service, bodyOf(16 * MEGABYTE));
      expect(answer).toMatchObject({ status: 413, json: { code: 'request.too_large' } });
      expect(await stateOf(service)).toEqual(before);
    });
  });

  it('stores a body that it cannot process, because Terra would disable a destination that rejects webhooks', async () => {
    const bodies = ['{"type":', 'hello', '[]', 'null', '{}', '{"type":5}', Buffer.from([0xff, 0, 0xfe])];
    for (const body of bodies) await expectStored(() => postWebhook(service, body));
    await expectStored(() => postWebhook(service, { type: 'wristband_exploded', user: null }));
    await service.drainWebhooks();
    const rows = await service.query<{ status: string; note: string }>(
      `SELECT status, note FROM terra_connect.webhook_events ORDER BY id DESC LIMIT ${bodies.length + 1}`,
    );
    expect(rows.map(({ status }) => status)).toEqual(['ignored', ...bodies.map(() => 'dead_lettered')]);
    expect(rows.every(({ note }) => note !== null)).toBe(true);
  });
});
