import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectSessionWorker } from '../src/connect-sessions';
import { RETURN_URL, startTestApp, type TestApp } from './support/app';
import {
  connectionsOf,
  newReference,
  readSession,
  redirectUrlOf,
  shiftClock,
  startSession,
  visit,
  type SessionAnswer,
} from './support/flow';
import { cancelInWidget, connectThroughWidget } from './support/sandbox';

const HOUR = 3_600;
// A new list each time: the sandbox uses it up.
const down = () => ({ failWith: ['reset', 'reset'], faultsOnlyOn: '/userInfo' });

const askedOf = ({ sandbox }: TestApp): number =>
  sandbox.requests.filter(({ path }) => path.endsWith('/userInfo')).length;

describe('The session worker', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  beforeEach(async () => {
    service.sandbox.reset();
    await service.query('DELETE FROM terra_connect.connect_sessions');
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  const worker = () => service.app.get(ConnectSessionWorker, { strict: false });
  const workOff = async (): Promise<void> => {
    while (await worker().runOnce());
  };
  const stored = async ({ id }: { id: string }) =>
    (
      await service.query<{
        status: string;
        endedAt: Date | null;
        failureReason: string | null;
        checkAt: Date | null;
        checks: number;
      }>(
        `SELECT status, ended_at AS "endedAt", failure_reason AS "failureReason", check_at AS "checkAt", checks
          FROM terra_connect.connect_sessions WHERE id = $1`,
        [id],
      )
    )[0];
  const lifetimeOf = ({ expiresAt }: SessionAnswer): number => (Date.parse(expiresAt) - Date.now()) / 1_000;
  const countOf = async (metric: string): Promise<number> => {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${metric} `));
    return Number(line?.split(' ')[1] ?? 0);
  };

  describe('closes sessions', () => {
    it('that nobody opened when they expire, dated by that, and not before', async () => {
      const session = await startSession(service);
      shiftClock(service, lifetimeOf(session) - 5);
      await workOff();
      expect(await stored(session)).toMatchObject({ status: 'pending', endedAt: null });
      shiftClock(service, lifetimeOf(session) + 5);
      // A read says it by the clock, whether the worker has been there or not.
      const read = await readSession(service, session.id);
      expect(read).toMatchObject({ status: 'expired', endedAt: session.expiresAt });
      await workOff();
      expect(await stored(session)).toMatchObject({
        status: 'expired',
        endedAt: new Date(session.expiresAt),
        failureReason: null,
      });
      expect(await readSession(service, session.id)).toEqual(read);
    });

    it('that were opened an hour later: the person may still be at the provider', async () => {
      const session = await startSession(service, { returnUrl: RETURN_URL });
      await visit(session.connectUrl);
      shiftClock(service, lifetimeOf(session) + HOUR - 60);
      await workOff();
      expect(await stored(session)).toMatchObject({ status: 'opened' });
      expect((await readSession(service, session.id)).status).toBe('expired');
      shiftClock(service, lifetimeOf(session) + HOUR + 5);
      await workOff();
      expect(await stored(session)).toMatchObject({
        status: 'expired',
        endedAt: new Date(session.expiresAt),
      });
    });

    it('whose creation died, and frees their Idempotency-Key', async () => {
      const headers = { 'idempotency-key': randomUUID() };
      const body = { referenceId: newReference() };
      const first = await service.api<SessionAnswer>('POST', '/v1/connect-sessions', { body, headers });
      await service.query(
        `UPDATE terra_connect.connect_sessions SET widget_url = NULL, expires_at = created_at + interval '30 seconds'
          WHERE id = $1`,
        [first.body.id],
      );
      await workOff();
      expect(await stored(first.body)).toMatchObject({ status: 'pending' });
      shiftClock(service, 40);
      const read = await readSession(service, first.body.id);
      expect(read).toMatchObject({ status: 'failed', failureReason: 'abandoned' });
      await workOff();
      expect(await readSession(service, first.body.id)).toEqual(read);
      const again = await service.api<SessionAnswer>('POST', '/v1/connect-sessions', { body, headers });
      expect(again.status).toBe(201);
      expect(again.body.id).not.toBe(first.body.id);
    });

    it('once each, however many workers there are, and none that has ended', async () => {
      const ended = await startSession(service);
      await visit(await cancelInWidget(ended.widgetUrl, { provider: 'GARMIN' }));
      const { id } = await startSession(service);
      await service.query(
        `INSERT INTO terra_connect.connect_sessions SELECT (jsonb_populate_record(s, jsonb_build_object(
            'id', gen_random_uuid(), 'connect_token', n::text, 'return_nonce_hash', '\\x' || lpad(n::text, 8, '0')))).*
          FROM terra_connect.connect_sessions s, generate_series(1, 1199) n WHERE s.id = $1`,
        [id],
      );
      const expired = 'terra_connect_sessions_total{status="expired"}';
      const before = await countOf(expired);
      shiftClock(service, 48 * HOUR);
      await Promise.all([workOff(), workOff(), workOff(), workOff()]);
      await workOff();
      expect((await countOf(expired)) - before).toBe(1_200);
      const left = `SELECT status, count(*)::int FROM terra_connect.connect_sessions GROUP BY 1 ORDER BY 1`;
      expect(await service.query(left)).toEqual([
        { status: 'cancelled', count: 1 },
        { status: 'expired', count: 1_200 },
      ]);
    });
  });

  describe('asks again about a landing that could not be confirmed', () => {
    /** A person who has agreed at Garmin; the webhook of it is lost. */
    const beforeLanding = async (body: Record<string, unknown> = {}) => {
      service.sandbox.behaviour.webhooks = 'off';
      const session = await startSession(service, { returnUrl: RETURN_URL, ...body });
      await visit(session.connectUrl);
      const landing = await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
      return { session, landing };
    };
    const statusAfter = async (landing: URL | string): Promise<string | null> =>
      new URL((await visit(landing)).headers.get('location') ?? '').searchParams.get('status');

    it('two seconds after it, and links when Terra is back', async () => {
      const { session, landing } = await beforeLanding();
      Object.assign(service.sandbox.behaviour, down());
      expect(await statusAfter(landing)).toBe('pending');
      await workOff();
      expect(await connectionsOf(service, session.referenceId)).toEqual([]);
      shiftClock(service, 2.1);
      await workOff();
      expect(await connectionsOf(service, session.referenceId)).toMatchObject([{ status: 'active' }]);
      expect((await readSession(service, session.id)).status).toBe('completed');
      expect(await stored(session)).toMatchObject({ checkAt: null, checks: 1 });
      expect(await statusAfter(landing)).toBe('connected');
    });

    it('of a user whom Terra knows only a moment later', async () => {
      const { session } = await beforeLanding();
      const { account } = service.sandbox;
      const [user] = account.usersOf(session.referenceId);
      if (!user) throw new Error('Nobody was linked.');
      account.remove(user.userId);
      const success = redirectUrlOf(service, session.referenceId, 'success');
      expect(await statusAfter(`${success}?user_id=${user.userId}`)).toBe('pending');
      account.users.set(user.userId, user);
      shiftClock(service, 2.1);
      await workOff();
      expect((await readSession(service, session.id)).status).toBe('completed');
    });

    it('more and more seldom, five minutes apart at the most, until nobody can come back any more', async () => {
      const { session, landing } = await beforeLanding();
      service.sandbox.behaviour.faultsOnlyOn = '/userInfo';
      service.sandbox.behaviour.okWithStatusError = true;
      expect(await statusAfter(landing)).toBe('pending');
      const end = Date.parse(session.expiresAt) + HOUR * 1_000;
      const waits: number[] = [];
      jest.spyOn(Math, 'random').mockReturnValue(1);
      for (let at = (await stored(session))?.checkAt; at && waits.length < 12;) {
        shiftClock(service, (at.getTime() - Date.now()) / 1_000);
        await workOff();
        const next = (await stored(session))?.checkAt;
        if (next) waits.push(Math.round((next.getTime() - at.getTime()) / 1_000));
        at = next;
      }
      const rounded = [4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300, 300];
      waits.forEach((wait, index) => expect(Math.abs(wait - (rounded[index] ?? 0))).toBeLessThanOrEqual(1));
      expect(waits).toHaveLength(12);
      const asked = askedOf(service);
      shiftClock(service, (end - Date.now()) / 1_000 + 5);
      await workOff();
      expect(askedOf(service)).toBe(asked);
      expect(await stored(session)).toMatchObject({ status: 'expired', checkAt: null });
    });

    it('but not when the webhook has finished it meanwhile', async () => {
      const { session, landing } = await beforeLanding();
      Object.assign(service.sandbox.behaviour, down());
      expect(await statusAfter(landing)).toBe('pending');
      for (const { id } of service.sandbox.deliveries) service.sandbox.resend(id);
      await service.drainWebhooks();
      expect(await stored(session)).toMatchObject({ status: 'completed', checkAt: null });
      const asked = askedOf(service);
      shiftClock(service, 60);
      await workOff();
      expect(askedOf(service)).toBe(asked);
    });

    it('also when a failure came before the success', async () => {
      const { session, landing } = await beforeLanding();
      expect(await statusAfter(redirectUrlOf(service, session.referenceId, 'failure'))).toBe('failed');
      Object.assign(service.sandbox.behaviour, down());
      expect(await statusAfter(landing)).toBe('failed');
      shiftClock(service, 2.1);
      await workOff();
      expect((await readSession(service, session.id)).status).toBe('completed');
    });

    it('though the process died while it asked', async () => {
      const { session, landing } = await beforeLanding();
      const nonce = landing.pathname.split('/').at(-2);
      expect(nonce).toBeDefined();
      // What is left of a landing whose process was killed before Terra answered: what it had written by then.
      service.sandbox.behaviour.stall = true;
      service.sandbox.behaviour.faultsOnlyOn = '/userInfo';
      const landed = visit(landing);
      while (!(await stored(session))?.checkAt) await sleep(10);
      const { checkAt } = (await stored(session)) ?? {};
      await landed;
      service.sandbox.behaviour.stall = false;
      await service.query(`UPDATE terra_connect.connect_sessions SET check_at = $2 WHERE id = $1`, [
        session.id,
        checkAt,
      ]);
      shiftClock(service, 12);
      await workOff();
      expect((await readSession(service, session.id)).status).toBe('completed');
    });

    it('by one of several workers', async () => {
      const { session, landing } = await beforeLanding();
      Object.assign(service.sandbox.behaviour, down());
      expect(await statusAfter(landing)).toBe('pending');
      const asked = askedOf(service);
      shiftClock(service, 2.1);
      await Promise.all([workOff(), workOff(), workOff(), workOff()]);
      expect(askedOf(service) - asked).toBe(1);
      expect(await connectionsOf(service, session.referenceId)).toHaveLength(1);
    });

    it('T-03: never to link the Terra user of a stranger, about whom it does not ask again', async () => {
      const stranger = newReference();
      service.sandbox.behaviour.webhooks = 'off';
      const { userId } = service.sandbox.account.connect({ provider: 'GARMIN', referenceId: stranger });
      const { session } = await beforeLanding();
      Object.assign(service.sandbox.behaviour, down());
      const success = redirectUrlOf(service, session.referenceId, 'success');
      expect(await statusAfter(`${success}?user_id=${userId}`)).toBe('pending');
      shiftClock(service, 2.1);
      await workOff();
      const asked = askedOf(service);
      expect(await stored(session)).toMatchObject({ status: 'opened', checkAt: null, checks: 1 });
      shiftClock(service, HOUR);
      await workOff();
      expect(askedOf(service)).toBe(asked);
      expect(await connectionsOf(service, session.referenceId)).toEqual([]);
      expect(await connectionsOf(service, stranger)).toEqual([]);
    });

    it('unless it named nobody, as phones do', async () => {
      const { session } = await beforeLanding();
      expect(await statusAfter(redirectUrlOf(service, session.referenceId, 'success'))).toBe('pending');
      expect(await stored(session)).toMatchObject({ checkAt: null });
      shiftClock(service, HOUR);
      await workOff();
      expect(askedOf(service)).toBe(0);
    });
  });
});

describe('R5: the link is visible soon after the return though the webhook never comes', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp({ WORKERS_ENABLED: 'true' })));
  afterAll(() => service.close());

  it.each([
    ['was down', down],
    ['said nothing', () => ({ failWith: ['stall'], faultsOnlyOn: '/userInfo' })],
  ])('and Terra %s at the landing: within ten seconds, by the clock on the wall', async (_case, fault) => {
    service.sandbox.reset();
    service.sandbox.behaviour.webhooks = 'off';
    const session = await startSession(service, { returnUrl: RETURN_URL });
    await visit(session.connectUrl);
    const landing = await connectThroughWidget(session.widgetUrl, { provider: 'GARMIN' });
    Object.assign(service.sandbox.behaviour, fault());
    const startedAt = Date.now();
    const location = (await visit(landing)).headers.get('location') ?? '';
    expect(new URL(location).searchParams.get('status')).toBe('pending');
    while ((await readSession(service, session.id)).status !== 'completed') {
      if (Date.now() - startedAt > 10_000) throw new Error('It took more than ten seconds.');
      await sleep(50);
    }
    const tookMs = Date.now() - startedAt;
    process.stderr.write(`R5: linked ${tookMs} ms after the return\n`);
    expect(await connectionsOf(service, session.referenceId)).toMatchObject([{ status: 'active' }]);
  });
});
