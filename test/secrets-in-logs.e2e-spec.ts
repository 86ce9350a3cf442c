import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ApiKeysService } from '../src/api-keys';
import { WebhookEffectsService } from '../src/webhooks/webhook-effects.service';
import { ADMIN_KEY, RETURN_URL, startTestApp, type TestApp } from './support/app';
import { redirectUrlOf, shiftClock, startSession, visit } from './support/flow';
import { sendRaw } from './support/raw-http';
import { cancelInWidget, connectThroughWidget, TEST_CREDENTIALS } from './support/sandbox';
import { postWebhook, signatureHeader } from './support/webhooks';

const CANARY = 'canary4711';

describe('T-19: no secret and no id appears in a log line, a metric or a problem', () => {
  let service: TestApp;
  const secrets = new Map<string, string>();
  const answers: string[] = [];
  const remember = (name: string, secret: string | null | undefined): string => {
    if (!secret) throw new Error(`There is no ${name} to look for.`);
    secrets.set(name, secret);
    return secret;
  };

  beforeAll(async () => {
    service = await startTestApp();
    remember('the bootstrap key', ADMIN_KEY);
    remember("Terra's API key", TEST_CREDENTIALS.apiKey);
    remember('the signing secret', TEST_CREDENTIALS.signingSecret);
    remember('all marked values', CANARY);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  const referenceId = (label: string) => `${CANARY} ${label}/ö&?=`;
  const api = async (method: string, path: string, options: { body?: unknown; key?: string | null } = {}) => {
    const answer = await service.api<Record<string, unknown>>(method, path, options);
    if (answer.status >= 400) answers.push(`${method} → ${JSON.stringify(answer.body)}`);
    return answer;
  };
  const start = async (label: string) => {
    const session = await startSession(service, {
      referenceId: referenceId(label),
      returnUrl: `${RETURN_URL}?mark=${CANARY}`,
      metadata: { note: CANARY },
    });
    const success = redirectUrlOf(service, referenceId(label), 'success');
    remember(`the nonce of ${label}`, success.split('/').at(-2));
    remember(`the token of ${label}`, session.connectUrl.split('/').at(-1));
    remember(`the widget session of ${label}`, session.widgetUrl.split('/').at(-1));
    return { session, success };
  };
  const expectNothingLeaked = async (): Promise<void> => {
    const metrics = (await sendRaw(service.url, '/metrics')).text;
    const places = { log: service.log.join(''), metrics, problems: answers.join('\n') };
    expect(places.log).not.toBe('');
    const leaks = Object.entries(places).flatMap(([place, text]) =>
      [...secrets].flatMap(([name, secret]) =>
        [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), inBase64(secret)]
          .filter((form) => text.includes(form))
          .map((form) => `${name} in ${place}: ${excerpt(text, form)}`),
      ),
    );
    expect(leaks).toEqual([]);
  };
  /** What base64 has in common for all texts with the secret at this distance from their beginning (modulo three). */
  const inBase64 = (secret: string): string =>
    Buffer.from(secret)
      .toString('base64')
      .slice(0, Math.floor((Buffer.byteLength(secret) * 4) / 3));
  const excerpt = (text: string, part: string): string => {
    const at = text.indexOf(part);
    return text.slice(Math.max(0, at - 300), at + part.length + 100);
  };

  it('when an end user connects and disconnects', async () => {
    const { session } = await start('well');
    await visit(session.connectUrl);
    await visit(await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' }));
    await service.drainWebhooks();
    const [user] = service.sandbox.account.usersOf(referenceId('well'));
    remember('a Terra user', user?.userId);
    service.sandbox.account.changePermissions(user?.userId ?? '', { add: [`${CANARY}-scope`] });
    service.sandbox.account.reportConnectionError(user?.userId ?? '');
    service.sandbox.account.sendData(user?.userId ?? '');
    await service.drainWebhooks();
    const query = new URLSearchParams({ referenceId: referenceId('well'), terraUserId: user?.userId ?? '' });
    const { body } = await api('GET', `/v1/connections?${query.toString()}`);
    const [connection] = body.items as { id: string }[];
    await api('DELETE', `/v1/connections/${connection?.id}`);
    await service.drainWebhooks();
    const path = `/v1/end-users/${encodeURIComponent(referenceId('well'))}/sdk-tokens`;
    remember('a token for a phone', (await api('POST', path)).body.token as string);
    const cancelled = await start('cancelled');
    await visit(await cancelInWidget(cancelled.session.widgetUrl, { provider: 'GARMIN' }));
    await expectNothingLeaked();
  });

  it('when a caller sends bad requests', async () => {
    const { key, id } = await service.app
      .get(ApiKeysService, { strict: false })
      .create('a test', ['sessions:read']);
    remember('an API key', key);
    await api('GET', `/v1/connections?referenceId=${CANARY}`, { key });
    await service.app.get(ApiKeysService, { strict: false }).revoke(id);
    await api('GET', `/v1/connections?referenceId=${CANARY}`, { key });
    await api('GET', `/v1/connections?terraUserId=%00${CANARY}`);
    await api('GET', `/v1/connections/${CANARY}`);
    await api('GET', `/nowhere/${CANARY}?${CANARY}=1`);
    await api('POST', '/v1/connect-sessions', { body: `{"referenceId":"${CANARY}` });
    await api('POST', '/v1/connect-sessions', { body: { referenceId: `${CANARY}\n` } });
    const returnUrl = `https://${CANARY}.example/`;
    await api('POST', '/v1/connect-sessions', { body: { referenceId: CANARY, returnUrl } });
    const metadata = { note: CANARY.repeat(1_000) };
    await api('POST', '/v1/connect-sessions', { body: { referenceId: CANARY, metadata } });
    answers.push((await sendRaw(service.url, `/v1/connections/%zz${CANARY}`)).text);
    await expectNothingLeaked();
  });

  it('when a browser sends forged addresses', async () => {
    const { session, success } = await start('forged');
    for (const address of [
      `${success}?user_id=${CANARY}&reference_id=${CANARY}&reason=${CANARY}`,
      `${service.url}/connect/${CANARY}?x=${CANARY}`,
      `${service.url}/connect/return/${CANARY}/success?user_id=${CANARY}`,
      `${service.url}/connect/result?session_id=${CANARY}`,
    ]) {
      const answer = await visit(address);
      answers.push(answer.status >= 400 ? await answer.text() : '');
    }
    expect(session.status).toBe('pending');
    await expectNothingLeaked();
  });

  it('when Terra fails', async () => {
    const { behaviour } = service.sandbox;
    const faults = ['html', 'truncated', 'reset', 400, 401, 403, 404, 410, 429, 500, 503] as const;
    for (const fault of faults) {
      const { session } = await start(`after ${fault}`);
      const callbackUrl = await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
      behaviour.failWith = [fault, fault];
      await visit(callbackUrl);
      const failing = { referenceId: referenceId('failing'), metadata: { note: CANARY } };
      behaviour.failWith = [fault, fault];
      await api('POST', '/v1/connect-sessions', { body: failing });
      behaviour.failWith = [fault, fault];
      const path = `/v1/end-users/${encodeURIComponent(referenceId('failing'))}/sdk-tokens`;
      await api('POST', path);
      behaviour.failWith = [];
      await service.drainWebhooks();
    }
    for (const user of service.sandbox.account.linkedUsers())
      remember(`Terra user ${user.userId}`, user.userId);
    const { body } = await api('GET', '/v1/connections?limit=1');
    const [connection] = body.items as { id: string }[];
    behaviour.failWith = [500, 500];
    await api('DELETE', `/v1/connections/${connection?.id}`);
    behaviour.failWith = [];
    await expectNothingLeaked();
  });

  it('when a webhook is forged, unreadable or fails', async () => {
    const user = { user_id: `${CANARY}-user`, provider: 'GARMIN', reference_id: CANARY, scopes: CANARY };
    const event = JSON.stringify({ type: 'auth', status: 'success', user });
    const signature = signatureHeader(event);
    remember('a signature', signature.split('=').at(-1));
    await postWebhook(service, event, { signature });
    const forged = await postWebhook(service, `${event} `, { signature, traceId: CANARY });
    answers.push(forged.text);
    await postWebhook(service, `{"type":"${CANARY}"`, { traceId: `${CANARY}-1` });
    await postWebhook(service, { type: CANARY, user }, { traceId: `${CANARY}-2` });
    await postWebhook(service, { type: 'auth', status: CANARY, user }, { traceId: `${CANARY}-3` });
    const claimant = { ...user, reference_id: `${CANARY}-thief` };
    await postWebhook(service, { type: 'auth', status: 'success', user: claimant });
    const broken = { ...user, user_id: `${CANARY}-broken`, scopes: `${CANARY}\0` };
    await postWebhook(service, { type: 'auth', status: 'success', user: broken });
    const cancelled = { type: 'auth_cancelled', status: 'error', reason: CANARY, reference_id: CANARY };
    await postWebhook(service, cancelled);
    await service.drainWebhooks();
    await expectNothingLeaked();
  });

  it('when our own code or a library logs one, wherever it stands in the line', async () => {
    const { apiKey, signingSecret } = TEST_CREDENTIALS;
    const password = new URL(service.databaseUrl).password;
    const { key } = await service.app
      .get(ApiKeysService, { strict: false })
      .create('another', ['sessions:read']);
    remember('an API key that nobody has used', key);
    const { session } = await start('logged');
    for (const secret of [apiKey, signingSecret, ADMIN_KEY, key, session.connectUrl, service.databaseUrl]) {
      const forms = [
        secret,
        encodeURIComponent(secret),
        JSON.stringify({ secret }),
        `Authorization: Bearer ${secret}`,
      ];
      for (const text of forms) {
        const error = new Error(text, { cause: new Error(`because of ${text}`) });
        const logger = new Logger('canary');
        logger.error({ event: 'canary', err: error });
        logger.warn({ event: text, [text]: { nested: [text] } });
        logger.error(error);
        logger.log(text, text);
        logger.error(`failed with ${text}`, error.stack);
        logger.debug({
          event: 'canary',
          headers: { 'x-api-key': text },
          text: `${'.'.repeat(8_180)}${text}`,
        });
      }
    }
    for (const secret of [apiKey, signingSecret, ADMIN_KEY]) {
      new Logger('canary').warn({ event: 'canary', basic: Buffer.from(secret).toString('base64') });
    }
    expect(service.log.join('')).toContain('failed with …');
    if (password.length >= 8) remember('the password of the database', password);
    for (const line of service.log) expect(() => JSON.parse(line) as unknown).not.toThrow();
    await expectNothingLeaked();
  });

  it('when an error of our own code or of Postgres contains one', async () => {
    const effects = service.app.get(WebhookEffectsService, { strict: false });
    jest.spyOn(effects, 'apply').mockRejectedValue(
      Object.assign(new Error(`GET https://terra.example/userInfo?user_id=${CANARY}-in-an-address failed`), {
        config: { headers: { 'x-api-key': TEST_CREDENTIALS.apiKey } },
        detail: `Key (terra_user_id)=(${CANARY}) already exists.`,
        parameters: [CANARY],
        query: `INSERT INTO x VALUES ('${CANARY}')`,
      }),
    );
    await postWebhook(service, { type: 'auth', status: 'success' });
    await service.drainWebhooks();
    jest.restoreAllMocks();

    const dataSource = service.app.get(DataSource, { strict: false });
    await dataSource.query(
      'ALTER TABLE terra_connect.connect_sessions ADD CHECK (reference_id <> $$canary4711$$)',
    );
    const { status } = await api('POST', '/v1/connect-sessions', { body: { referenceId: CANARY } });
    expect(status).toBe(500);
    shiftClock(service, 0);
    await expectNothingLeaked();
  });
});
