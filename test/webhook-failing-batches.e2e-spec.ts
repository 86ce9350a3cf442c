import { LANES } from '../src/webhooks/webhook-event.entity';
import { WebhookProcessorService } from '../src/webhooks/webhook-processor.service';
import { startTestApp, type TestApp } from './support/app';
import {
  type EndUser,
  authOf,
  endUsers,
  userOf,
  drainInbox,
  inboxOf,
  storeDeliveries,
} from './support/inbox';

const BATCH = 200;

describe('When a batch fails', () => {
  let service: TestApp;
  beforeAll(async () => (service = await startTestApp()));
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => service.close());

  const statuses = async (traceIds: string[]): Promise<Record<string, number>> => {
    const rows = await service.query<{ status: string; count: number }>(
      `SELECT status, count(*)::int AS count FROM terra_connect.webhook_events WHERE trace_id = ANY($1)
        GROUP BY status`,
      [traceIds],
    );
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  };

  describe('R12: an event that fails is isolated', () => {
    const poison = async (work: () => Promise<void>): Promise<void> => {
      await service.query(
        `ALTER TABLE terra_connect.connection_facts ADD CONSTRAINT no_poison CHECK (provider <> 'POISON') NOT VALID`,
      );
      try {
        await work();
      } finally {
        await service.query(`ALTER TABLE terra_connect.connection_facts DROP CONSTRAINT no_poison`);
      }
    };
    const attemptsOf = (): (() => number) => {
      const processor = service.app.get(WebhookProcessorService, { strict: false });
      const spies = [jest.spyOn(processor, 'processDue'), jest.spyOn(processor, 'processAgain')];
      return () => spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
    };

    it.each([0, 77, 199])(
      'at place %i of 200 within 2 · log2(200) attempts, and all others are processed in the same pass',
      async (place) => {
        const users = endUsers(BATCH);
        const deliveries = users.map((user, index) => ({
          body: index === place ? { ...authOf(user), user: userOf(user, 'POISON') } : authOf(user),
        }));
        const traceIds = await storeDeliveries(service, deliveries);
        const attempts = attemptsOf();
        await poison(async () => void (await inboxOf(service).processLane(LANES.links, BATCH)));
        expect(attempts()).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(BATCH)));
        expect(await statuses(traceIds)).toEqual({ done: BATCH - 1, pending: 1 });
        const failed = await service.query(
          `SELECT trace_id, attempts, type FROM terra_connect.webhook_events
            WHERE trace_id = ANY($1) AND status = 'pending'`,
          [traceIds],
        );
        expect(failed).toEqual([{ trace_id: traceIds[place], attempts: 1, type: 'auth' }]);
        await service.query(`UPDATE terra_connect.webhook_events SET next_attempt_at = '-infinity'`);
        await drainInbox(service, BATCH, LANES.links);
        expect(await statuses(traceIds)).toEqual({ done: BATCH });
      },
    );

    it('without an attempt of the events beside it, and so are several of them', async () => {
      const users = endUsers(60);
      const isPoison = (index: number): boolean => index % 20 === 7;
      const traceIds = await storeDeliveries(
        service,
        users.map((user, index) => ({
          body: isPoison(index) ? { ...authOf(user), user: userOf(user, 'POISON') } : authOf(user),
        })),
      );
      await poison(async () => void (await inboxOf(service).runOnce()));
      expect(await statuses(traceIds)).toEqual({ done: 57, pending: 3 });
      const attempted = await service.query(
        `SELECT DISTINCT attempts, status FROM terra_connect.webhook_events WHERE trace_id = ANY($1) ORDER BY 1`,
        [traceIds],
      );
      expect(attempted).toEqual([
        { attempts: 0, status: 'done' },
        { attempts: 1, status: 'pending' },
      ]);
    });
  });

  it.each(['57014', '55P03'])(
    'R12: a batch that meets a lock (%s) is repeated as a whole, twice, before its events are isolated, and loses no attempt',
    async (code) => {
      const [blocked, ...others] = endUsers(8) as [EndUser, ...EndUser[]];
      const traceIds = await storeDeliveries(service, [
        { body: { ...authOf(blocked), user: userOf(blocked, 'LOCKED') } },
        ...others.map((user) => ({ body: authOf(user) })),
      ]);
      const attempts = () =>
        service.query(
          `SELECT attempts, count(*)::int AS count FROM terra_connect.webhook_events
            WHERE status = 'pending' AND trace_id = ANY($1) GROUP BY attempts`,
          [traceIds],
        );
      const processor = service.app.get(WebhookProcessorService, { strict: false });
      const again = jest.spyOn(processor, 'processAgain');
      await service.query(
        `CREATE FUNCTION terra_connect.lock_timeout() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN RAISE SQLSTATE '${code}'; END $$;
        CREATE TRIGGER locked BEFORE INSERT ON terra_connect.connection_facts FOR EACH ROW
          WHEN (NEW.provider = 'LOCKED') EXECUTE FUNCTION terra_connect.lock_timeout()`,
      );
      try {
        for (let time = 0; time < 2; time += 1) {
          await inboxOf(service).processLane(LANES.links, BATCH);
          expect(again).not.toHaveBeenCalled();
          expect(await attempts()).toEqual([{ attempts: 0, count: 8 }]);
          await service.query(
            `UPDATE terra_connect.webhook_events SET next_attempt_at = '-infinity'
              WHERE trace_id = ANY($1) AND next_attempt_at > received_at + interval '1 minute'`,
            [traceIds],
          );
        }
        await inboxOf(service).processLane(LANES.links, BATCH);
        expect(await attempts()).toEqual([{ attempts: 1, count: 1 }]);
      } finally {
        await service.query(`DROP FUNCTION terra_connect.lock_timeout() CASCADE`);
      }
    },
  );
});
